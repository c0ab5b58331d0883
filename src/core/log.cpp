#include "vit/core/log.hpp"

#include "vit/core/error.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace vit {
namespace {

bool set_and_not_empty(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

std::string_view prefix(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::warn:
      return "warning: ";
    case spdlog::level::err:
    case spdlog::level::critical:
      return "error: ";
    default:
      return "";
  }
}

std::string_view colour(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::warn:
      return "\033[33m";
    case spdlog::level::err:
    case spdlog::level::critical:
      return "\033[31m";
    default:
      return "";
  }
}

// Console sink that knows of one status line below the log: it is wiped before a message and drawn
// again after it.
class Console final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void set_status(const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (!terminal_ || text == status_ || !should_log(spdlog::level::info)) return;
    wipe();
    status_ = text;
    draw();
    std::fflush(stderr);
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    wipe();
    const std::string_view head = prefix(message.level);
    if (!terminal_ && head.empty()) {
      spdlog::memory_buf_t stamp;
      clock_.format(message, stamp);
      std::fwrite(stamp.data(), 1, stamp.size(), stderr);
    }
    const bool coloured = !head.empty() && stderr_has_colour();
    if (coloured) std::fputs(colour(message.level).data(), stderr);
    std::fwrite(head.data(), 1, head.size(), stderr);
    if (coloured) std::fputs("\033[0m", stderr);
    std::fwrite(message.payload.data(), 1, message.payload.size(), stderr);
    std::fputc('\n', stderr);
    draw();
    std::fflush(stderr);
  }
  void flush_() override { std::fflush(stderr); }

 private:
  void wipe() {
    if (!status_.empty()) std::fputs("\r\033[2K", stderr);
  }
  void draw() {
    if (!status_.empty()) std::fputs(status_.c_str(), stderr);
  }

  const bool terminal_ = stderr_is_terminal();
  spdlog::pattern_formatter clock_{"%H:%M:%S ", spdlog::pattern_time_type::local, ""};
  std::string status_;
};

std::shared_ptr<Console> console;

}  // namespace

void start_logging(Verbosity verbosity) {
  console = std::make_shared<Console>();
  switch (verbosity) {
    case Verbosity::kQuiet:
      console->set_level(spdlog::level::warn);
      break;
    case Verbosity::kNormal:
      console->set_level(spdlog::level::info);
      break;
    case Verbosity::kVerbose:
      console->set_level(spdlog::level::debug);
      break;
  }
  auto logger = std::make_shared<spdlog::logger>("vit", console);
  logger->set_level(spdlog::level::debug);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void log_to_file(const std::filesystem::path& path) {
  try {
    auto file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
    file->set_level(spdlog::level::debug);
    file->set_pattern("%Y-%m-%dT%H:%M:%S %l %v");
    auto& sinks = spdlog::default_logger()->sinks();
    sinks.resize(1);  // the console; an earlier run has its own log
    sinks.push_back(std::move(file));
  } catch (const spdlog::spdlog_ex& error) {
    throw DataError("cannot write the log: " + std::string(error.what()));
  }
}

void set_status_line(const std::string& text) {
  if (console) console->set_status(text);
}

bool stderr_is_terminal() { return isatty(STDERR_FILENO) == 1; }
bool stdout_is_terminal() { return isatty(STDOUT_FILENO) == 1; }

bool stderr_has_colour() {
  if (set_and_not_empty("CLICOLOR_FORCE")) return true;
  const char* terminal = std::getenv("TERM");
  return stderr_is_terminal() && !set_and_not_empty("NO_COLOR") &&
         (terminal == nullptr || std::string_view(terminal) != "dumb");
}

int terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  if (const char* columns = std::getenv("COLUMNS")) {
    if (const int n = std::atoi(columns); n > 0) return n;
  }
  return 80;
}

}  // namespace vit
