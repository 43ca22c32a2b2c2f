#include "rapport/eval/golden_dataset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "rapport/channel/hash.hpp"
#include "rapport/core/codec.hpp"
#include "rapport/core/error.hpp"
#include "rapport/domain/sales_stage.hpp"
#include "rapport/eval/folded_words.hpp"

namespace rapport::eval {
namespace {

template <class T>
struct ItemOf {
    using Type = Plain<T>;
};
template <class T>
struct ItemOf<std::vector<T>> : ItemOf<T> {};

template <Described T>
void refuse_unknown(BsonReader in, const std::string& path);

/// Looks into what a member holds; `path` is the member's.
template <class M>
void refuse_unknown_in(const BsonElement& element, const std::string& path) {
    using Item = typename ItemOf<M>::Type;
    if constexpr (Described<Item>) {
        if (element.type() == BsonType::kDocument) {
            refuse_unknown<Item>(BsonReader(element.as_nested()), path + ".");
        } else if (element.type() == BsonType::kArray) {
            std::size_t index = 0;
            for (BsonReader in(element.as_nested()); !in.at_end(); ++index) {
                refuse_unknown_in<Item>(in.next(), fmt::format("{}[{}]", path, index));
            }
        }
    }
}

/// A member that is misspelt would be a label that nobody checks.
template <Described T>
void refuse_unknown(BsonReader in, const std::string& path) {
    while (!in.at_end()) {
        const BsonElement element = in.next();
        bool known = false;
        std::string names;
        for_each_member<T>([&]<class M>(std::string_view name, M T::*) {
            names += names.empty() ? "" : ", ";
            names += name;
            if (name != element.name()) return;
            known = true;
            refuse_unknown_in<M>(element, path + std::string(name));
        });
        if (!known) {
            throw InvalidDocument(
                fmt::format("{}{}: not known; there are {}", path, element.name(), names));
        }
    }
}

void require(bool condition, std::string_view member, std::string_view what) {
    if (!condition) throw InvalidDocument(fmt::format("{}: {}", member, what));
}

void validate_answered(const Expectation& expect) {
    require(!expect.intent.empty(), "intent", "missing; an answered turn has at least one");
    require(!expect.language.empty(), "language", "missing; an answered turn has at least one");
    require(!expect.urgency.empty(), "urgency", "missing; an answered turn has at least one");
    require(!expect.action.empty(), "action", "missing; an answered turn has at least one");
    for (std::size_t i = 0; i < expect.signals.size(); ++i) {
        const auto& values = expect.signals[i].values;
        const bool telling =
            !values.empty() && std::ranges::none_of(values, [](const std::string& value) {
                return folded_words(value).empty();
            });
        require(telling, fmt::format("signals[{}].values", i), "each must hold a word or a number");
    }
}

void validate_unanswered(const Expectation& expect) {
    const bool empty = expect.intent.empty() && expect.language.empty() && expect.urgency.empty() &&
                       expect.action.empty() && expect.signals.empty() &&
                       expect.reply_has.empty() && expect.reply_lacks.empty();
    require(empty, "answered",
            "false leaves nothing to say of intent, language, urgency, action, signals and reply");
    require(!expect.handoff, "handoff", "a person has the conversation already");
}

void validate(const Expectation& expect) {
    require(!expect.stage.empty(), "stage", "missing; every turn has at least one");
    for (std::size_t i = 0; i < expect.stage.size(); ++i) {
        require(parse_stage(expect.stage[i]).has_value(), fmt::format("stage[{}]", i),
                "not a stage; there are initial_contact, discovery, qualified, demo_scheduled, "
                "on_hold, closed_won and closed_lost");
    }
    expect.answered ? validate_answered(expect) : validate_unanswered(expect);
}

void validate(const GoldenTurn& turn) {
    require(!turn.says.empty() || turn.attachment, "says",
            "empty; only a turn with an attachment says nothing");
    require(turn.says.size() <= kMaxContentBytes, "says", "too long for a message");
    try {
        validate(turn.expect);
    } catch (const InvalidDocument& problem) {
        throw InvalidDocument(std::string("expect.") + problem.what());
    }
}

void validate(const GoldenConversation& conversation) {
    const bool named =
        !conversation.name.empty() && std::ranges::all_of(conversation.name, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        });
    require(named, "name", "expected lower case letters, digits and _");
    require(!conversation.turns.empty(), "turns", "empty");
    for (std::size_t i = 0; i < conversation.turns.size(); ++i) {
        try {
            validate(conversation.turns[i]);
            require(i == 0 || conversation.turns[i].at > conversation.turns[i - 1].at, "at",
                    "must be later than the turn before");
        } catch (const InvalidDocument& problem) {
            throw InvalidDocument(fmt::format("turns[{}].{}", i, problem.what()));
        }
    }
}

GoldenConversation parse_line(std::string_view line) {
    const Document document = from_json(line);
    refuse_unknown<GoldenConversation>(BsonReader(document), "");
    auto conversation = from_document<GoldenConversation>(document);
    validate(conversation);
    return conversation;
}

void require_some(const std::vector<GoldenConversation>& conversations, std::string_view where) {
    if (conversations.empty()) {
        throw InvalidDocument(
            fmt::format("{}: holds no conversation; docs/evals.md says how to write one", where));
    }
}

void require_different_names(const std::vector<GoldenConversation>& conversations,
                             std::string_view where) {
    std::set<std::string_view> names;
    for (const GoldenConversation& conversation : conversations) {
        if (!names.insert(conversation.name).second) {
            throw InvalidDocument(fmt::format("{}: name: {} is there twice; give one another name",
                                              where, conversation.name));
        }
    }
}

std::vector<GoldenConversation> parse_lines(std::string_view text, std::string_view file) {
    std::vector<GoldenConversation> conversations;
    for (int number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        try {
            conversations.push_back(parse_line(line));
        } catch (const std::exception& problem) {
            throw InvalidDocument(fmt::format("{}:{}: {}", file, number, problem.what()));
        }
    }
    return conversations;
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) throw InvalidArgument(fmt::format("{}: cannot be read", path.string()));
    return text;
}

std::vector<std::filesystem::path> files_of(const std::filesystem::path& path) {
    if (!std::filesystem::exists(path)) {
        throw InvalidArgument(
            fmt::format("{}: no such file or folder; name the golden conversations, in this "
                        "project evals/golden",
                        path.string()));
    }
    if (!std::filesystem::is_directory(path)) return {path};
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
        if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

}  // namespace

std::vector<GoldenConversation> load_golden(const std::filesystem::path& path) {
    std::vector<GoldenConversation> all;
    for (const auto& file : files_of(path)) {
        auto some = parse_lines(read_file(file), file.string());
        std::ranges::move(some, std::back_inserter(all));
    }
    require_some(all, path.string());
    require_different_names(all, path.string());
    return all;
}

std::vector<GoldenConversation> parse_golden(std::string_view text, std::string_view file) {
    auto conversations = parse_lines(text, file);
    require_some(conversations, file);
    require_different_names(conversations, file);
    return conversations;
}

std::string fingerprint(const GoldenConversation& conversation) {
    return short_hash({to_json(conversation)});
}

}  // namespace rapport::eval
