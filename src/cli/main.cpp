// pellucid: why did the network answer that?

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "cli/read_apart.hpp"
#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "pellucid/error.hpp"
#include "pellucid/version.hpp"

namespace {

using pellucid::ErrorCode;

pellucid::CancelToken* interrupt = nullptr;

/// The first Ctrl-C asks the run to stop and keep what is finished; the second ends the process.
void on_interrupt(int signal_number) {
    if (interrupt != nullptr && !interrupt->cancelled()) {
        interrupt->cancel();
        return;
    }
    std::signal(signal_number, SIG_DFL);
    std::raise(signal_number);
}

/// The engine's threads end the process where the system gives them no memory or no further thread.
[[noreturn]] void on_terminate() {
    std::string why = "the engine ended the run; most often memory or threads ran out: give the process more";
    if (const std::exception_ptr error = std::current_exception()) {
        try {
            std::rethrow_exception(error);
        } catch (const std::exception& known) {
            why = std::string("internal error, please report: ") + known.what();
        } catch (...) {}
    }
    pellucid::cli::say_error(why);
    std::_Exit(static_cast<int>(ErrorCode::kInternal));
}

int fail(ErrorCode code, const std::string& message) {
    pellucid::cli::say_error(message);
    return static_cast<int>(code);
}

int run(CLI::App& app, int count, char** arguments) {
    try {
        app.parse(count, arguments);
        return pellucid::cli::flush_results();
    } catch (const CLI::CallForHelp&) {
        pellucid::cli::print_results(pellucid::cli::chosen(app).help());
        return pellucid::cli::flush_results();
    } catch (const CLI::CallForVersion&) {
        pellucid::cli::print_results(
            fmt::format("pellucid {} (openvino {})\n", pellucid::version(), pellucid::engine_version()));
        return pellucid::cli::flush_results();
    } catch (const CLI::ParseError& error) {
        return fail(ErrorCode::kUsage, pellucid::cli::usage_message(app, error, count, arguments));
    } catch (const pellucid::cli::Finished& finished) {
        const int flushed = pellucid::cli::flush_results();
        return finished.code != 0 ? finished.code : flushed;
    } catch (const pellucid::Error& error) {
        return fail(error.code(), error.what());
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::kUnsupported, "out of memory; lower --memory, or give the process more");
    } catch (const std::filesystem::filesystem_error& error) {
        return fail(ErrorCode::kUsage,
                    fmt::format("{}: {}; check the path", error.path1().string(), error.code().message()));
    } catch (const std::exception& error) {
        return fail(ErrorCode::kInternal, fmt::format("internal error, please report: {}", error.what()));
    }
}

}  // namespace

int main(int count, char** arguments) {
    pellucid::CancelToken cancel;
    interrupt = &cancel;
    std::signal(SIGINT, on_interrupt);
    std::signal(SIGTERM, on_interrupt);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);   // a file-size limit is to the writing what a full disk is
    std::set_terminate(on_terminate);
    // TBB asks hwloc for the processor's topology; where /sys is not mounted that would add a line of its own to stderr.
    setenv("HWLOC_HIDE_ERRORS", "2", 0);

    if (count == 3 && std::string_view(arguments[1]) == pellucid::cli::kReadApart) {
        return pellucid::cli::read_apart(arguments[2]);
    }

    CLI::App app{"Pellucid shows why a neural network answered as it did.", "pellucid"};
    app.set_version_flag("--version", pellucid::version(), "print the versions and stop");
    app.require_subcommand(1);
    app.footer(
        "Start here:\n"
        "  pellucid explain model.onnx photo.jpg --method grad-cam,lime    why this answer?\n"
        "  pellucid inspect model.onnx                                     what is this network?\n"
        "  pellucid methods                                                what can be asked?\n"
        "\nExit codes: 0 done, 1 our fault, 2 wrong use, 3 an input or model cannot be read, 4 not supported,\n"
        "5 a budget ended before any usable result, 130 interrupted (what was finished is kept).");
    pellucid::cli::add_explain(app, cancel);
    pellucid::cli::add_methods(app);
    pellucid::cli::add_inspect(app);
    pellucid::cli::add_card(app);
    pellucid::cli::add_operators(app);
    pellucid::cli::add_completion(app);
    return run(app, count, arguments);
}
