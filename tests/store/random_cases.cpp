#include "tests/store/random_cases.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "rapport/core/codec.hpp"
#include "rapport/core/json.hpp"

namespace rapport::testing {
namespace {

using namespace std::string_literals;

const std::vector<std::string> kTexts{
    "",     "a",      "A",    "a b", "b.c",  "ñ",     "🙂",
    "سلام", "$where", "it's", "\"",  "%_\\", "a\0b"s, "'); DROP TABLE parcels; --"};
/// SQLite's JSON functions end a text at U+0000 when they compare it.
const std::vector<std::string> kNestedTexts(kTexts.begin(), kTexts.end() - 2);
const std::vector<std::int64_t> kIntegers{-3, 0, 1, 2, 7, 5'000'000'000};
const std::vector<double> kReals{-1.5, 0.0, 0.25, 2.0, 1e300};
const std::vector<double> kRatios{0.0, 0.1, 0.85, 2.0 / 3, 123456.789, 1e-7};
const std::vector<std::string> kKinds{"box", "bag", "tube"};

std::vector<Timestamp> make_dates() {
    std::vector<Timestamp> dates;
    for (const auto* text :
         {"0001-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z", "2024-02-29T12:00:00.000Z",
          "2024-02-29T12:00:00.001Z", "9999-12-31T23:59:59.999Z"}) {
        dates.push_back(*parse_iso8601(text));
    }
    return dates;
}
const std::vector<Timestamp> kDates = make_dates();

ObjectId id_of(std::size_t number) {
    ObjectId id;
    id.bytes[0] = 0xA0;
    id.bytes[10] = static_cast<std::uint8_t>(number >> 8);
    id.bytes[11] = static_cast<std::uint8_t>(number);
    return id;
}
const std::vector<ObjectId> kSenders{id_of(1), id_of(2), id_of(0x1ff)};

const std::vector<std::string> kScalarPaths{
    "note",       "amount",       "rate",          "urgent",        "kind",        "due", "sender",
    "label.text", "label.weight", "label.fragile", "label.printed", "label.ratio", "code"};
const std::vector<std::string> kIncrementable{"amount", "label.weight"};
const std::vector<std::string> kListPaths{"tags", "stickers"};

template <class V>
Document operand(const V& value) {
    BsonWriter out;
    codec::write(out, "v", value);
    return out.finish();
}

Document operand(const Scalar& value) {
    BsonWriter out;
    add_scalar(out, "v", value);
    return out.finish();
}

bool overlap(const std::string& a, const std::string& b) {
    return a == b || a.starts_with(b + ".") || b.starts_with(a + ".");
}

std::string text_of(const Scalar& value) { return to_json(operand(value)); }

}  // namespace

Label RandomCases::label() {
    Label label;
    if (chance(60)) label.text = one_of(kNestedTexts);
    if (chance(60)) label.weight = one_of(kIntegers);
    if (chance(60)) label.fragile = chance(50);
    if (chance(60)) label.printed = one_of(kDates);
    if (chance(60)) label.ratio = one_of(kRatios);
    return label;
}

std::vector<Parcel> RandomCases::parcels(std::size_t count) {
    std::vector<Parcel> parcels;
    for (std::size_t i = 0; i < count; ++i) {
        Parcel parcel;
        parcel.id = id_of(i);
        parcel.code = fmt::format("code {}", below(count * 10) * 1000 + i);
        if (chance(70)) parcel.note = one_of(kTexts);
        if (chance(70)) parcel.amount = one_of(kIntegers);
        if (chance(70)) parcel.rate = one_of(kReals);
        if (chance(70)) parcel.urgent = chance(50);
        if (chance(70)) parcel.kind = enum_from_string<Kind>(one_of(kKinds));
        if (chance(70)) parcel.due = one_of(kDates);
        if (chance(70)) parcel.sender = one_of(kSenders);
        if (chance(70)) parcel.label = label();
        while (chance(40)) parcel.tags.push_back(one_of(kTexts));
        while (chance(30)) parcel.stickers.push_back(label());
        parcels.push_back(std::move(parcel));
    }
    return parcels;
}

Scalar RandomCases::value_for(const std::string& path) {
    if (path == "amount" || path == "label.weight") return one_of(kIntegers);
    if (path == "rate") return one_of(kReals);
    if (path == "label.ratio") return one_of(kRatios);
    if (path == "urgent" || path == "label.fragile") return chance(50);
    if (path == "kind") return one_of(kKinds);
    if (path == "due" || path == "label.printed") return one_of(kDates);
    if (path == "sender") return one_of(kSenders);
    return one_of(path == "label.text" ? kNestedTexts : kTexts);
}

FilterNode RandomCases::leaf() {
    if (chance(5)) {
        const auto op = chance(50) ? CompareOp::kEqual : CompareOp::kNotEqual;
        return FilterNode(Compare{"label", op, {}});
    }
    const std::string& path = one_of(kScalarPaths);
    if (chance(25)) {
        OneOf one_of_these{path, {}};
        for (std::size_t i = below(4); i > 0; --i) {
            one_of_these.values.push_back(chance(15) ? Scalar() : value_for(path));
        }
        return FilterNode(std::move(one_of_these));
    }
    const auto op = static_cast<CompareOp>(below(6));
    return FilterNode(Compare{path, op, chance(10) ? Scalar() : value_for(path)});
}

std::vector<FilterNode> RandomCases::parts(int depth) {
    std::vector<FilterNode> parts;
    for (std::size_t i = chance(10) ? 0 : 1 + below(3); i > 0; --i) parts.push_back(filter(depth));
    return parts;
}

FilterNode RandomCases::filter(int depth) {
    if (depth == 0 || chance(30)) return leaf();
    if (chance(25)) {
        Negation negation;
        negation.part.push_back(filter(depth - 1));
        return FilterNode(std::move(negation));
    }
    if (chance(50)) return FilterNode(AllOf{parts(depth - 1)});
    return FilterNode(AnyOf{parts(depth - 1)});
}

std::vector<SortKey> RandomCases::order() {
    std::vector<SortKey> keys;
    for (std::size_t i = below(3); i > 0; --i) {
        const std::string& path = one_of(kScalarPaths);
        if (std::ranges::find(keys, path, &SortKey::path) == keys.end()) {
            keys.push_back({path, chance(50)});
        }
    }
    keys.push_back({"_id", chance(50)});
    return keys;
}

Change RandomCases::list_change() {
    const std::string& path = one_of(kListPaths);
    const bool push = chance(80);
    const auto keep = static_cast<std::int64_t>(push ? below(4) : 0);
    const ChangeOp op = push ? ChangeOp::kPush : ChangeOp::kSet;
    if (path == "tags") {
        std::vector<std::string> items(below(4));
        for (std::string& item : items) item = one_of(kTexts);
        return {op, path, operand(items), keep};
    }
    std::vector<Label> items(below(3));
    for (Label& item : items) item = label();
    return {op, path, operand(items), keep};
}

Change RandomCases::change() {
    if (chance(20)) return list_change();
    if (chance(5)) return {ChangeOp::kSet, "label", operand(label())};
    if (chance(5)) return {ChangeOp::kUnset, "label"};
    if (chance(20)) {
        return {ChangeOp::kIncrement, one_of(kIncrementable), operand(one_of(kIntegers))};
    }
    const std::string& path = one_of(kScalarPaths);
    if (path != "code" && chance(25)) return {ChangeOp::kUnset, path};
    return {chance(40) ? ChangeOp::kMax : ChangeOp::kSet, path, operand(value_for(path))};
}

std::vector<Change> RandomCases::changes() {
    std::vector<Change> changes;
    for (std::size_t i = 1 + below(3); i > 0; --i) {
        Change next = change();
        const auto clashes = [&](const Change& other) { return overlap(other.path, next.path); };
        if (std::ranges::none_of(changes, clashes)) changes.push_back(std::move(next));
    }
    return changes;
}

std::string describe(const FilterNode& filter) {
    const auto list = [](std::string_view name, const std::vector<FilterNode>& parts) {
        std::string text = fmt::format("{}(", name);
        for (const FilterNode& part : parts) text += describe(part) + " ";
        return text + ")";
    };
    return std::visit(
        [&]<class Node>(const Node& node) -> std::string {
            if constexpr (std::is_same_v<Node, AllOf>) {
                return list("all", node.parts);
            } else if constexpr (std::is_same_v<Node, AnyOf>) {
                return list("any", node.parts);
            } else if constexpr (std::is_same_v<Node, Negation>) {
                return list("not", node.part);
            } else if constexpr (std::is_same_v<Node, Compare>) {
                static constexpr const char* kNames[] = {"==", "!=", "<", "<=", ">", ">="};
                return fmt::format("{}{}{}", node.path, kNames[static_cast<int>(node.op)],
                                   text_of(node.value));
            } else {
                std::string text = node.path + " in (";
                for (const Scalar& value : node.values) text += text_of(value) + " ";
                return text + ")";
            }
        },
        filter.base());
}

std::string describe(const std::vector<SortKey>& order) {
    std::string text;
    for (const SortKey& key : order) text += (key.descending ? "-" : "+") + key.path + " ";
    return text;
}

std::string describe(const std::vector<Change>& changes) {
    static constexpr const char* kNames[] = {"set", "unset", "increment", "max", "push"};
    std::string text;
    for (const Change& change : changes) {
        text += fmt::format("{} {} {} (keep {}); ", kNames[static_cast<int>(change.op)],
                            change.path, to_json(change.value), change.keep);
    }
    return text;
}

}  // namespace rapport::testing
