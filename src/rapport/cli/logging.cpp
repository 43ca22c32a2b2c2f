#include "rapport/cli/logging.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "rapport/core/json.hpp"

namespace rapport::cli {
namespace {

/// One JSON object a line.
class JsonFormatter final : public spdlog::formatter {
  public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) override {
        const auto level = spdlog::level::to_string_view(message.level);
        JsonWriter line;
        line.add("time", std::chrono::floor<std::chrono::milliseconds>(message.time));
        line.add("level", std::string_view(level.data(), level.size()));
        line.add("message", std::string_view(message.payload.data(), message.payload.size()));
        const std::string text = line.finish() + "\n";
        to.append(text.data(), text.data() + text.size());
    }
    std::unique_ptr<formatter> clone() const override { return std::make_unique<JsonFormatter>(); }
};

}  // namespace

void start_logging(const Settings& settings) {
    auto logger = spdlog::stderr_logger_mt("rapport");
    if (settings.log_format == "json") {
        logger->set_formatter(std::make_unique<JsonFormatter>());
    } else {
        logger->set_pattern("%l: %v");
    }
    logger->set_level(spdlog::level::from_str(settings.log_level));
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace rapport::cli
