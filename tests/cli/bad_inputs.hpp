#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace pellucid::testing {

/// A folder with good and bad files, removed with what is in it. Big ones are links to the assets.
class BadInputs {
public:
    BadInputs();
    BadInputs(const BadInputs&) = delete;
    BadInputs& operator=(const BadInputs&) = delete;
    ~BadInputs();
    std::filesystem::path folder;

private:
    void asset(const std::string& asset, const std::string& name) const;
    void text(const std::string& name, const std::string& content) const;
    void truncated(const std::string& from, const std::string& to, std::uintmax_t size) const;
    void models() const;
    void pictures() const;
    void arrays() const;
    void cards() const;
    void no_files() const;
};

/// One for all cases of a process: every case runs in it, and none may leave anything there.
const BadInputs& bad_inputs();

/// All files of a folder by their paths in it; what is cached may come and go.
std::set<std::string> files_in(const std::filesystem::path& folder);

struct BadCase {
    const char* name;
    std::vector<std::string> arguments;
    int code;
    const char* says;   ///< part of the line on stderr
};
void PrintTo(const BadCase& bad, std::ostream* out);

/// Expects one line on stderr, the exit code, and nothing written.
void expect_one_line(const BadCase& bad);

/// explain MODEL INPUT, by saliency where `more` names no method, into the folder `out`.
std::vector<std::string> explain(const std::string& model, const std::string& input,
                                 std::vector<std::string> more = {});

}  // namespace pellucid::testing
