#include "explain/gradient/path.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "explain/fields.hpp"
#include "explain/scores.hpp"
#include "pellucid/error.hpp"

namespace pellucid::explain {

namespace {

std::string percent_text(double share) { return number_text(std::round(share * 1e4) / 100.0) + " %"; }

std::uint32_t reversed_bits(std::uint32_t number) {
    std::uint32_t bits = 0;
    for (int bit = 0; bit < 32; ++bit, number >>= 1U) {
        bits = (bits << 1U) | (number & 1U);
    }
    return bits;
}

/// Whole numbers from `first` to before `end` in an order of which every beginning is spread over all of them, and which
/// makes grids finer by and by: by their bits, reversed (van der Corput).
std::vector<std::uint32_t> spread_order(std::uint32_t first, std::uint32_t end) {
    std::vector<std::uint32_t> order(end - first);
    std::iota(order.begin(), order.end(), first);
    std::sort(order.begin(), order.end(),
              [](std::uint32_t a, std::uint32_t b) { return reversed_bits(a) < reversed_bits(b); });
    return order;
}

/// So ordered, a round that is cut short is a coarser round.
Quadrature spread(const Quadrature& rule) {
    Quadrature made;
    for (const std::uint32_t index : spread_order(0, static_cast<std::uint32_t>(rule.nodes.size()))) {
        made.nodes.push_back(rule.nodes[index]);
        made.weights.push_back(rule.weights[index]);
    }
    return made;
}

/// values[target] at the steps of `order` that were answered; those of the finest even grid of 0 to n among them, in its
/// order. Two values, of the ends, are always there.
std::vector<std::vector<double>> finest_grid(const std::vector<std::uint32_t>& order, std::uint32_t n,
                                             const std::vector<std::vector<double>>& values) {
    const std::size_t answered = values.front().size();
    std::vector<std::optional<std::size_t>> place(n + 1);
    for (std::size_t at = 0; at < answered; ++at) {
        place[order[at]] = at;
    }
    for (std::uint32_t stride = 1;; ++stride) {
        std::vector<std::size_t> grid;
        for (std::uint32_t step = 0; n % stride == 0 && step <= n && place[step]; step += stride) {
            grid.push_back(*place[step]);
        }
        if (grid.size() == n / stride + 1) {
            std::vector<std::vector<double>> found;
            for (const std::vector<double>& each : values) {
                found.emplace_back();
                for (const std::size_t at : grid) {
                    found.back().push_back(each[at]);
                }
            }
            return found;
        }
    }
}

}  // namespace

Completeness completeness_of(double sum, double expected) {
    return {sum, expected, std::abs(sum - expected) / std::max(std::abs(expected), 1e-12)};
}

std::int64_t map_steps(std::int64_t n) { return n <= 1 ? 1 : std::min(n, std::max<std::int64_t>(8, (n + 3) / 4)); }

std::optional<Round> round_after(const IntegratedGradientsOptions& options, std::int64_t first, std::int64_t nodes) {
    const bool keeps = options.rule == "adaptive";
    const std::int64_t evaluated = !keeps ? 2 * nodes : nodes == first ? nodes + 1 : nodes - 1;
    const Round round{evaluated, keeps ? nodes + evaluated : evaluated};
    const std::int64_t steps = keeps ? round.nodes - 1 : round.nodes;
    return steps <= options.max_steps ? std::optional(round) : std::nullopt;
}

void Path::start(std::int64_t paths) {
    first_ = affordable_nodes(paths);
    measure_ends();
    round_first();
}

void Path::refine() {
    const double tolerance = options_.tolerance;
    while (!cut_ && tolerance > 0.0 && worst_error() > tolerance) {
        const std::optional<Round> round = round_after(options_, first_, nodes_);
        if (!round) {
            break;
        }
        round_next(*round);
    }
    if (tolerance > 0.0 && worst_error() > tolerance) {
        task_.notes.push_back("completeness error " + percent_text(worst_error()) + " after " + std::to_string(nodes_) +
                              (nodes_ == 1 ? " node" : " nodes") + " is above the tolerance " +
                              percent_text(tolerance) + ": raise " + (cut_ ? "the budget" : "max_steps"));
    }
}

double Path::attribution(std::size_t target, std::size_t input, std::size_t at) const {
    const std::size_t tensor = gradients_.inputs()[input];
    const double difference = double{x_[tensor][at]} - double{baseline_.tensors[tensor][at]};
    return difference * sums_[target][input][at];
}

/// Evaluations of a first round of n nodes: f at both ends, or at those of the steps by which the nodes are placed; and a
/// forward and a backward pass a node and target.
std::int64_t Path::cost_of_first(std::int64_t n) const {
    return (adaptive() ? map_steps(n) : 1) + 1 + 2 * n * target_number();
}

std::int64_t Path::affordable_nodes(std::int64_t paths) {
    const auto left = task_.spending.next("path", 1).budget.evaluations;
    if (!left || cost_of_first(options_.n_steps) <= *left / paths) {
        return options_.n_steps;
    }
    if (cost_of_first(1) > *left / paths) {
        const std::int64_t spent = task_.spending.evaluations().forward + task_.spending.evaluations().backward;
        throw Error(ErrorCode::kBudget,
                    "the budget ended before any usable result (a path of one node takes " +
                        std::to_string(cost_of_first(1)) + " evaluations, and " + std::to_string(*left / paths) +
                        " are left for it)",
                    "give at least " + std::to_string(spent + cost_of_first(1) * paths) + " with --budget");
    }
    std::int64_t n = 1;
    while (cost_of_first(n + 1) <= *left / paths) {
        ++n;
    }
    task_.notes.push_back("the budget pays for a first round of " + std::to_string(n) + (n == 1 ? " node" : " nodes") +
                          " in place of " + std::to_string(options_.n_steps));
    return n;
}

Path::Fill Path::filler(const std::vector<double>& nodes) const {
    return [&nodes, this](std::int64_t point, std::span<const std::span<float>> inputs) {
        const auto t = static_cast<float>(nodes[static_cast<std::size_t>(point)]);
        for (std::size_t input = 0; input < inputs.size(); ++input) {
            const Array& from = baseline_.tensors[input];
            for (std::size_t at = 0; at < inputs[input].size(); ++at) {
                inputs[input][at] = from[at] + t * (x_[input][at] - from[at]);
            }
        }
    };
}

/// f at both ends and, for the adaptive rule, at even steps between them. Of a time budget this takes about a quarter: then
/// the steps are fewer.
void Path::measure_ends() {
    const bool map = adaptive() && first_ > 1;
    const auto n = static_cast<std::uint32_t>(map ? map_steps(first_) : 1);
    std::vector<std::uint32_t> order{0, n};
    for (const std::uint32_t step : spread_order(1, n)) {
        order.push_back(step);
    }
    std::vector<double> nodes;
    for (const std::uint32_t step : order) {
        nodes.push_back(static_cast<double>(step) / n);
    }
    std::vector<std::vector<double>> f(task_.targets.size());
    const auto left = task_.spending.next("path", 1).budget.seconds;
    const double begun = task_.spending.seconds();
    const auto planned = static_cast<std::int64_t>(nodes.size());
    const auto report = stream_scores(
        task_, {planned, filler(nodes)}, "path",
        [&f](std::int64_t, std::span<const double> scores) {
            for (std::size_t target = 0; target < scores.size(); ++target) {
                f[target].push_back(scores[target]);
            }
        },
        [&](std::int64_t) { return left && task_.spending.seconds() - begun > 0.25 * *left; });
    settle_stop(report, planned, "forward passes along the path", report.rows > 1, task_.notes);
    for (const std::vector<double>& values : f) {
        f_baseline_.push_back(values[0]);
        f_input_.push_back(values[1]);
    }
    if (!map) {
        return;
    }
    const auto grid = finest_grid(order, n, f);
    map_.emplace(grid);
    if (report.rows < planned) {
        task_.notes.push_back("the nodes are placed by " + std::to_string(grid.front().size()) +
                              " forward passes along the path in place of " + std::to_string(planned) +
                              ": there was no time for more");
    }
}

/// Adds weight * gradient of each node to `into`, and the weights to `weights`.
engine::StreamReport Path::add(const Quadrature& rule, Sums& into, std::vector<double>& weights) {
    const Points points{static_cast<std::int64_t>(rule.nodes.size()), filler(rule.nodes)};
    weights.assign(task_.targets.size(), 0.0);
    return gradients_.at(points, "integrated-gradients", [&](const PointAnswer& answer) {
        const double weight = rule.weights[static_cast<std::size_t>(answer.point)];
        weights[answer.target] += weight;
        for (std::size_t input = 0; input < answer.gradients.size(); ++input) {
            std::vector<double>& sum = into[answer.target][input];
            const std::span<const float> gradient = answer.gradients[input];
            for (std::size_t at = 0; at < gradient.size(); ++at) {
                sum[at] += weight * double{gradient[at]};
            }
        }
    });
}

/// Nodes in s, in their order, carried to t. A node's weight is the length of the stretch that it stands for, so that all
/// weights together are the path's.
Quadrature Path::mapped(Quadrature rule) const {
    double from = 0.0;
    for (std::size_t node = 0; map_ && node < rule.nodes.size(); ++node) {
        const double to = from + rule.weights[node];
        rule.weights[node] = map_->t(std::min(to, 1.0)) - map_->t(from);
        rule.nodes[node] = map_->t(rule.nodes[node]);
        from = std::min(to, 1.0);
    }
    return rule;
}

/// Where it is cut short, the nodes that were answered stand for the whole path.
void Path::round_first() {
    std::vector<double> weights;
    if (options_.rule == "trapezoid" && first_ == 1) {
        task_.notes.emplace_back(
            "of one node there is no trapezoid, which takes both ends: the first round is one midpoint");
    }
    const Quadrature rule = spread(mapped(quadrature(adaptive() ? "midpoint" : options_.rule, first_)));
    const auto report = add(rule, sums_, weights);
    const std::int64_t planned = first_ * target_number();
    settle_stop(report, planned, "passes of the first round", report.rows >= target_number(), task_.notes);
    cut_ = report.rows < planned;
    nodes_ = report.rows / target_number();
    for (std::size_t target = 0; cut_ && target < sums_.size(); ++target) {
        for (std::vector<double>& sum : sums_[target]) {
            for (double& value : sum) {
                value /= weights[target];
            }
        }
    }
}

/// Nodes that are kept have half their weight.
void Path::round_next(const Round& round) {
    const bool ends = adaptive() && nodes_ == first_;
    const std::int64_t n = round.evaluated;
    const std::int64_t planned = n * target_number();
    const auto left = task_.spending.next("path", 1).budget.evaluations;
    cut_ = left && *left < 2 * planned;
    if (cut_) {
        task_.notes.push_back("the budget does not pay for another round, of " + std::to_string(n) + " nodes");
        return;
    }
    Sums fresh = gradients_.zeros();
    std::vector<double> weights;
    const auto report = add(mapped(quadrature(ends         ? "trapezoid"
                                              : adaptive() ? "midpoint"
                                                           : options_.rule,
                                              n)),
                            fresh, weights);
    settle_stop(report, planned, "passes of this round, which was left out", true, task_.notes);
    cut_ = report.rows < planned;
    if (cut_) {
        return;
    }
    const double keep = adaptive() ? 0.5 : 0.0;
    for (std::size_t target = 0; target < sums_.size(); ++target) {
        for (std::size_t input = 0; input < sums_[target].size(); ++input) {
            std::vector<double>& sum = sums_[target][input];
            for (std::size_t at = 0; at < sum.size(); ++at) {
                sum[at] = keep * sum[at] + (1.0 - keep) * fresh[target][input][at];
            }
        }
    }
    nodes_ = round.nodes;
}

double Path::worst_error() const {
    double worst = 0.0;
    for (std::size_t target = 0; target < sums_.size(); ++target) {
        double sum = 0.0;
        for (std::size_t input = 0; input < sums_[target].size(); ++input) {
            for (std::size_t at = 0; at < sums_[target][input].size(); ++at) {
                sum += attribution(target, input, at);
            }
        }
        worst = std::max(worst, completeness_of(sum, f_input(target) - f_baseline(target)).error);
    }
    return worst;
}

}  // namespace pellucid::explain
