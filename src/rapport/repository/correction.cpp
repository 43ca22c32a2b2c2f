#include "rapport/repository/correction.hpp"

#include <algorithm>
#include <utility>

#include "rapport/core/json.hpp"
#include "rapport/core/scalar.hpp"

namespace rapport {
namespace {

using Names = std::set<std::string, std::less<>>;

bool is_nested(BsonType type) { return type == BsonType::kDocument || type == BsonType::kArray; }

bool is_whole(BsonType type) { return type == BsonType::kInt32 || type == BsonType::kInt64; }

/// Whole numbers of either width are one.
bool same(const BsonElement& a, const BsonElement& b, const Form& form) {
    if (is_whole(a.type()) && is_whole(b.type())) return a.as_integer() == b.as_integer();
    if (a.type() != b.type()) return false;
    if (!is_nested(a.type())) return scalar_of(a) == scalar_of(b);
    return a.as_nested() == b.as_nested() ||
           (form.nested_dates_are_text && nested_to_json(a) == nested_to_json(b));
}

bool is_date_name(std::string_view name) { return name == "timestamp" || name.ends_with("_at"); }

/// What is wrong inside a list or a document.
void look_into(const BsonElement& nested, std::string_view member, Correction& correction) {
    for (BsonReader in(nested.as_nested()); !in.at_end();) {
        const BsonElement element = in.next();
        if (element.type() == BsonType::kNull) correction.note(Defect::kNull, member);
        if (element.type() == BsonType::kString && is_date_name(element.name())) {
            correction.note(Defect::kTextDate, member);
        }
        if (is_nested(element.type())) look_into(element, member, correction);
    }
}

void note_difference(std::string_view name, const BsonElement* stored, const BsonElement* wanted,
                     Correction& correction) {
    if (name == "version" || name == "settled_count" || name == "recent_turns") {
        return correction.note(Defect::kVersion, "version");
    }
    if (name == "lead_id") return correction.note(Defect::kSpelling, name);
    if (stored == nullptr) return correction.note(Defect::kOtherForm, name);
    if (stored->type() == BsonType::kNull) return correction.note(Defect::kNull, name);
    if (stored->type() == BsonType::kString && wanted != nullptr &&
        wanted->type() == BsonType::kDate) {
        return correction.note(Defect::kTextDate, name);
    }
    if (name == "message_count" && wanted != nullptr && is_whole(stored->type())) {
        return correction.note(Defect::kCount, name);
    }
    const std::size_t before = correction.defects.size();
    if (is_nested(stored->type())) look_into(*stored, name, correction);
    if (correction.defects.size() == before) correction.note(Defect::kOtherForm, name);
}

void guard(std::string_view name, const BsonElement* stored, Correction& correction) {
    if (stored != nullptr && is_nested(stored->type())) return;
    Scalar value = stored == nullptr ? Scalar() : scalar_of(*stored);
    correction.unchanged.emplace_back(
        Compare{std::string(name), CompareOp::kEqual, std::move(value)});
}

void change(std::string_view name, const BsonElement* stored, const BsonElement* wanted,
            Correction& correction) {
    guard(name, stored, correction);
    if (wanted == nullptr) {
        correction.changes.push_back({ChangeOp::kUnset, std::string(name)});
        return;
    }
    BsonWriter operand;
    operand.add("v", *wanted);
    correction.changes.push_back({ChangeOp::kSet, std::string(name), operand.finish()});
}

std::vector<BsonElement> elements_of(const Document& document) {
    std::vector<BsonElement> elements;
    for (BsonReader in(document); !in.at_end();) elements.push_back(in.next());
    return elements;
}

const BsonElement* find(const std::vector<BsonElement>& elements, std::string_view name) {
    const auto found = std::ranges::find(elements, name, &BsonElement::name);
    return found == elements.end() ? nullptr : &*found;
}

template <Described T>
Correction correct_document(const Document& stored, const T& wanted, const Form& form) {
    const Document wanted_document = to_document(wanted);
    const auto is = elements_of(stored);
    const auto should = elements_of(wanted_document);
    Correction correction;
    Names known;
    for_each_member<T>([&](std::string_view name, auto) {
        known.emplace(name);
        const BsonElement* const from = find(is, name);
        const BsonElement* const to = find(should, name);
        if (from == nullptr ? to == nullptr : to != nullptr && same(*from, *to, form)) return;
        note_difference(name, from, to, correction);
        change(name, from, to, correction);
    });
    for (const BsonElement& element : is) {
        if (known.contains(element.name())) continue;
        const bool is_null = element.type() == BsonType::kNull;
        if (!is_null && !form.computed.contains(element.name())) {
            correction.unknown.emplace_back(element.name());
            continue;
        }
        correction.note(is_null ? Defect::kNull : Defect::kComputed, element.name());
        correction.changes.push_back({ChangeOp::kUnset, std::string(element.name())});
    }
    return correction;
}

}  // namespace

void Correction::note(Defect defect, std::string_view member) {
    const auto is_it = [&](const auto& noted) { return noted.first == defect; };
    if (std::ranges::none_of(defects, is_it)) defects.emplace_back(defect, member);
}

Correction correct(const Document& stored, const Message& wanted, const Form& form) {
    return correct_document(stored, wanted, form);
}

Correction correct(const Document& stored, const Lead& wanted, const Form& form) {
    return correct_document(stored, wanted, form);
}

}  // namespace rapport
