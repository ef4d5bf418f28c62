#include <fmt/format.h>

#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "pellucid/error.hpp"
#include "pellucid/methods.hpp"

namespace pellucid::cli {

namespace {

std::string options_text(const CLI::App& verb) {
    std::string text;
    for (const CLI::Option* option : verb.get_options()) {
        for (const std::string& name : option->get_lnames()) {
            text += " --" + name;
        }
    }
    return text;
}

/// A bash function made from the verbs, their options and the table of methods as they are.
std::string bash_script(const CLI::App& app) {
    std::string verbs;
    std::string cases;
    for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
        verbs += " " + verb->get_name();
        cases += fmt::format("        {}) options=\"{}\" ;;\n", verb->get_name(), options_text(*verb));
    }
    std::string names;
    for (const MethodRow& row : methods()) {
        names += " " + std::string(row.name);
    }
    return fmt::format(R"(# bash completion for pellucid:  source <(pellucid completion bash)
_pellucid() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} options=""
    if [[ $COMP_CWORD -eq 1 ]]; then
        COMPREPLY=($(compgen -W "{verbs}" -- "$current")); return
    fi
    case ${{COMP_WORDS[1]}} in
{cases}    esac
    case $previous in
        --method) local done=""; [[ $current == *,* ]] && done=${{current%,*}},
                  COMPREPLY=($(compgen -P "$done" -W "{names}" -- "${{current##*,}}")); return ;;
        --score) COMPREPLY=($(compgen -W "logit probability log-probability" -- "$current")); return ;;
        --preset) COMPREPLY=($(compgen -W "imagenet tf unit" -- "$current")); return ;;
        methods) COMPREPLY=($(compgen -W "{names}" -- "$current")); return ;;
    esac
    if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$current"))
    else
        COMPREPLY=($(compgen -f -- "$current"))
    fi
}}
complete -o filenames -F _pellucid pellucid
)",
                       fmt::arg("verbs", verbs), fmt::arg("cases", cases), fmt::arg("names", names));
}

}  // namespace

void add_completion(CLI::App& app) {
    auto shell = std::make_shared<std::string>("bash");
    CLI::App* verb = app.add_subcommand("completion", "print a script that completes verbs, options and methods");
    verb->add_option("SHELL", *shell, "bash");
    verb->footer("Example:\n  source <(pellucid completion bash)");
    verb->callback([shell, &app] {
        if (*shell != "bash") {
            throw Error(ErrorCode::kUsage, "no completion for the shell '" + *shell + "'", "there is one for bash");
        }
        print_results(bash_script(app));
    });
}

}  // namespace pellucid::cli
