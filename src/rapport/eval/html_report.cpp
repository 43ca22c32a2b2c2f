#include "rapport/eval/html_report.hpp"

#include <string_view>

#include "rapport/core/codec.hpp"
#include "rapport/eval/report_template.hpp"

namespace rapport::eval {

std::string to_html(const EvalReport& report) {
    constexpr std::string_view kPlace = "@REPORT@";
    std::string json;
    for (const char c : to_json(report)) {
        // So that no text of a conversation ends the script element that holds it.
        c == '<' ? json += "\\u003c" : json += c;
    }
    std::string html(report_template("report.html"));
    return html.replace(html.find(kPlace), kPlace.size(), json);
}

}  // namespace rapport::eval
