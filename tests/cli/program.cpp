#include "tests/cli/program.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace rapport::testing {
namespace {

std::string read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> raw;
    for (std::string& text : texts) raw.push_back(text.data());
    raw.push_back(nullptr);
    return raw;
}

/// In the child: its stream `descriptor` is this file from here on.
void redirect(int descriptor, const std::filesystem::path& file, int flags) {
    const int opened = ::open(file.c_str(), flags, 0600);
    if (opened < 0) ::_exit(126);
    ::dup2(opened, descriptor);
}

/// In the child: where it is root, no file's mode would hold it back.
void become_nobody() {
    constexpr unsigned kNobody = 65534;
    if (::geteuid() != 0) return;
    if (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) {
        ::_exit(126);
    }
}

}  // namespace

boost::json::value Outcome::json() const { return boost::json::parse(out); }

Program::Program(const std::string& engine) : database_(engine) {
    std::string folder = (std::filesystem::temp_directory_path() / "rapport_cli_XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = folder;
    type("");
    environment_ = {"PATH=/usr/bin:/bin",
                    "MONGODB_DATABASE=" + database_.settings().mongodb_database};
    for (const char* inherited : {"LLVM_PROFILE_FILE", "ASAN_OPTIONS", "TSAN_OPTIONS"}) {
        if (const char* value = std::getenv(inherited)) set(inherited, value);
    }
}

Program::~Program() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void Program::set(const std::string& name, const std::string& value) {
    std::erase_if(environment_,
                  [&](const std::string& variable) { return variable.starts_with(name + "="); });
    environment_.push_back(name + "=" + value);
}

void Program::give_up_rights() {
    using std::filesystem::perms;
    std::filesystem::permissions(folder_, perms::others_read | perms::others_exec,
                                 std::filesystem::perm_options::add);
    has_rights_ = false;
}

void Program::type(std::string_view lines) const { write(".in", lines); }

std::string Program::write(const std::string& name, std::string_view content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return name;
}

Outcome Program::run(std::vector<std::string> arguments) const {
    const DatabaseUrl& url = database_.url();
    arguments.insert(arguments.begin(),
                     {"--db", database_.is_sqlite() ? "sqlite:" + url.location : url.location});
    return run_bare(std::move(arguments));
}

Outcome Program::run_bare(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), RAPPORT_PROGRAM);
    std::vector<std::string> environment = environment_;
    const std::vector<char*> argv = pointers(arguments);
    const std::vector<char*> envp = pointers(environment);
    const std::string run = std::to_string(runs_++);
    const std::filesystem::path out = folder_ / (".out" + run);
    const std::filesystem::path err = folder_ / (".err" + run);
    const pid_t child = ::fork();
    if (child == 0) {
        if (::chdir(folder_.c_str()) != 0) ::_exit(126);
        constexpr int kNewFile = O_WRONLY | O_CREAT | O_TRUNC;
        redirect(STDIN_FILENO, folder_ / ".in", O_RDONLY);
        redirect(STDOUT_FILENO, out, kNewFile);
        redirect(STDERR_FILENO, err, kNewFile);
        const int program = ::open(argv.front(), O_RDONLY | O_CLOEXEC);
        if (!has_rights_) become_nobody();
        ::fexecve(program, argv.data(), envp.data());
        ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(out), read_file(err)};
}

}  // namespace rapport::testing
