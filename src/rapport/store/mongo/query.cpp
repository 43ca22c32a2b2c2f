#include "rapport/store/mongo/query.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace rapport::mongo {
namespace {

constexpr std::string_view kCompare[] = {"$eq", "$ne", "$lt", "$lte", "$gt", "$gte"};

void write_node(BsonWriter& to, const FilterNode& node);

void write_list(BsonWriter& to, std::string_view op, const std::vector<FilterNode>& parts) {
    to.begin_array(op);
    for (const FilterNode& part : parts) {
        to.begin_document({});
        write_node(to, part);
        to.end();
    }
    to.end();
}

void write(BsonWriter& to, const AllOf& all) {
    if (!all.parts.empty()) write_list(to, "$and", all.parts);
}

void write(BsonWriter& to, const AnyOf& any) {
    if (any.parts.empty()) {  // nothing matches: not everything
        write_list(to, "$nor", {FilterNode(AllOf{})});
        return;
    }
    // Each alternative once: mongod 6.0 may find nothing where one stands there twice.
    std::vector<Document> alternatives;
    for (const FilterNode& part : any.parts) {
        BsonWriter alternative;
        write_node(alternative, part);
        Document document = alternative.finish();
        if (std::ranges::find(alternatives, document) == alternatives.end()) {
            alternatives.push_back(std::move(document));
        }
    }
    to.begin_array("$or");
    for (const Document& alternative : alternatives) {
        to.begin_document({});
        for (BsonReader in(alternative); !in.at_end();) {
            const BsonElement element = in.next();
            to.add(element.name(), element);
        }
        to.end();
    }
    to.end();
}

void write(BsonWriter& to, const Negation& negation) { write_list(to, "$nor", negation.part); }

void write(BsonWriter& to, const Compare& compare) {
    const bool ordered = compare.op != CompareOp::kEqual && compare.op != CompareOp::kNotEqual;
    if (ordered && std::holds_alternative<std::monostate>(compare.value)) {
        // To MongoDB null is as low as null, and would match.
        return write(to, AnyOf{});
    }
    to.begin_document(compare.path);
    add_scalar(to, kCompare[static_cast<std::size_t>(compare.op)], compare.value);
    to.end();
}

void write(BsonWriter& to, const OneOf& one_of) {
    to.begin_document(one_of.path);
    to.begin_array("$in");
    for (const Scalar& value : one_of.values) add_scalar(to, {}, value);
    to.end();
    to.end();
}

void write_node(BsonWriter& to, const FilterNode& node) {
    std::visit([&](const auto& part) { write(to, part); }, node.base());
}

std::string_view operator_of(ChangeOp op) {
    switch (op) {
        case ChangeOp::kSet:
            return "$set";
        case ChangeOp::kUnset:
            return "$unset";
        case ChangeOp::kIncrement:
            return "$inc";
        case ChangeOp::kMax:
            return "$max";
        case ChangeOp::kPush:
            break;
    }
    return "$push";
}

void write_push(BsonWriter& to, const Change& change) {
    to.begin_document(change.path);
    to.add("$each", change.operand());
    if (change.keep > 0) to.add("$slice", -change.keep);
    to.end();
}

void add_page(BsonWriter& out, const FindDocuments& find) {
    out.begin_document({});
    out.add("$match", to_filter(find.filter));
    out.end();
    out.begin_document({});
    out.add("$sort", to_sort(find.sort));
    out.end();
    out.begin_document({});
    out.add("$limit", find.limit);
    out.end();
}

}  // namespace

Document to_filter(const FilterNode& filter) {
    BsonWriter out;
    write_node(out, filter);
    return out.finish();
}

/// For one of several values MongoDB merges the index's runs, one a value, in their order. Beside
/// an alternative it may rather run that and sort what comes, so the alternative is hidden from its
/// planner by a double negation.
Document to_ordered_filter(const FilterNode& filter) {
    const auto* all = std::get_if<AllOf>(&filter);
    const auto has_several_values = [](const FilterNode& part) {
        const auto* one_of = std::get_if<OneOf>(&part);
        return one_of != nullptr && one_of->values.size() > 1;
    };
    if (all == nullptr || !std::ranges::any_of(all->parts, has_several_values)) {
        return to_filter(filter);
    }
    AllOf hiding;
    for (const FilterNode& part : all->parts) {
        if (std::holds_alternative<AnyOf>(part)) {
            hiding.parts.emplace_back(Negation{{FilterNode(Negation{{part}})}});
        } else {
            hiding.parts.push_back(part);
        }
    }
    return to_filter(FilterNode(std::move(hiding)));
}

Document to_sort(const std::vector<SortKey>& sort) {
    BsonWriter out;
    for (const SortKey& key : sort) out.add(key.path, std::int64_t{key.descending ? -1 : 1});
    return out.finish();
}

Document to_update(const std::vector<Change>& changes) {
    std::map<std::string_view, std::vector<const Change*>> by_operator;
    for (const Change& change : changes) by_operator[operator_of(change.op)].push_back(&change);
    BsonWriter out;
    for (const auto& [op, of_operator] : by_operator) {
        out.begin_document(op);
        for (const Change* change : of_operator) {
            if (change->op == ChangeOp::kPush) {
                write_push(out, *change);
            } else if (change->op == ChangeOp::kUnset) {
                out.add(change->path, true);
            } else {
                out.add(change->path, change->operand());
            }
        }
        out.end();
    }
    return out.finish();
}

Document to_pipeline(std::span<const FindDocuments* const> pages) {
    BsonWriter out;
    out.begin_array("pipeline");
    add_page(out, *pages.front());
    for (const FindDocuments* page : pages.subspan(1)) {
        out.begin_document({});
        out.begin_document("$unionWith");
        out.add("coll", page->collection->name);
        out.begin_array("pipeline");
        add_page(out, *page);
        out.end();
        out.end();
        out.end();
    }
    return out.finish();
}

Document to_pipeline(const AggregateDocuments& aggregate) {
    BsonWriter out;
    out.begin_array("pipeline");
    out.begin_document({});
    out.add("$match", to_filter(aggregate.filter));
    out.end();
    out.begin_document({});
    out.begin_document("$group");
    if (aggregate.group_by.empty()) {
        out.add_null("_id");
    } else {
        out.add("_id", "$" + aggregate.group_by);
    }
    out.begin_document("count");
    out.add("$sum", std::int64_t{1});
    out.end();
    if (!aggregate.sum.empty()) {
        out.begin_document("sum");
        out.add("$sum", "$" + aggregate.sum);
        out.end();
    }
    return out.finish();
}

}  // namespace rapport::mongo
