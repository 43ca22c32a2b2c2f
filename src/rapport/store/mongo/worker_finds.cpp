// How a worker runs many finds as one command.
#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "rapport/store/key_lookup.hpp"
#include "rapport/store/mongo/query.hpp"
#include "rapport/store/mongo/worker.hpp"

namespace rapport::mongo {

/// Of a key of several members this finds what any of the asked combinations would: the documents
/// nobody asked for are left out.
void MongoWorker::find_together(Several<FindDocuments> finds, std::span<Outcome* const> outcomes,
                                Deadline deadline) try {
    std::map<std::vector<Scalar>, std::vector<std::size_t>> askers;
    const std::vector<std::string> paths = key_lookup(*finds.front()).value().paths;
    for (std::size_t i = 0; i < finds.size(); ++i) {
        KeyLookup lookup = key_lookup(*finds[i]).value();
        for (std::vector<Scalar>& key : lookup.values) {
            auto& same = askers[std::move(key)];
            if (same.empty() || same.back() != i) same.push_back(i);
        }
        outcomes[i]->result = std::vector<Document>();
    }
    AllOf any;
    for (std::size_t part = 0; part < paths.size(); ++part) {
        std::set<Scalar> values;
        for (const auto& [key, same] : askers) values.insert(key[part]);
        any.parts.push_back(OneOf{paths[part], {values.begin(), values.end()}});
    }
    BsonWriter options;
    // All in the first answer.
    options.add("batchSize", static_cast<std::int64_t>(askers.size() + 1));
    add_time_limit(options, deadline);
    const FilterNode filter =
        any.parts.size() == 1 ? std::move(any.parts.front()) : FilterNode(std::move(any));
    for (Document& document :
         find_all(*finds.front()->collection, to_filter(filter), options.finish(), deadline)) {
        std::vector<Scalar> key;
        key.reserve(paths.size());
        for (const std::string& path : paths) key.push_back(scalar_at(document, path));
        const auto asked = askers.find(key);
        if (asked == askers.end()) continue;
        const auto give = [&](std::size_t asker, Document copy) {
            std::get<std::vector<Document>>(outcomes[asker]->result).push_back(std::move(copy));
        };
        const std::span<const std::size_t> all = asked->second;
        for (const std::size_t asker : all.first(all.size() - 1)) give(asker, document);
        give(all.back(), std::move(document));
    }
} catch (...) {
    fail_all(outcomes);
}

/// Pages are told apart by their key's value; of one value the longest is read for all who ask.
bool MongoWorker::find_pages(Several<FindDocuments> finds, std::span<Outcome* const> outcomes,
                             Deadline deadline) try {
    std::map<Scalar, std::vector<std::size_t>> askers;
    for (std::size_t i = 0; i < finds.size(); ++i) {
        askers[key_of_page(*finds[i])->value].push_back(i);
    }
    std::vector<const FindDocuments*> pages;
    for (const auto& [value, same] : askers) {
        const auto limit = [&](std::size_t i) { return finds[i]->limit; };
        pages.push_back(finds[*std::ranges::max_element(same, {}, limit)]);
    }
    const std::string& path = key_of_page(*finds.front())->path;
    std::map<Scalar, std::vector<Document>> found;
    for (Document& document : read_pages(pages, deadline)) {
        Scalar value = scalar_at(document, path);
        if (!askers.contains(value)) return false;
        found[std::move(value)].push_back(std::move(document));
    }
    for (const auto& [value, same] : askers) {
        std::vector<Document> page = std::move(found[value]);
        const auto end_of = [&](std::size_t i) {
            return page.begin() + std::min<std::ptrdiff_t>(finds[i]->limit, std::ssize(page));
        };
        for (const std::size_t i : std::span(same).subspan(1)) {
            outcomes[i]->result = std::vector<Document>(page.begin(), end_of(i));
        }
        page.erase(end_of(same.front()), page.end());
        outcomes[same.front()]->result = std::move(page);
    }
    return true;
} catch (...) {
    fail_all(outcomes);
    return true;
}

std::vector<Document> MongoWorker::read_pages(Several<FindDocuments> pages, Deadline deadline) {
    if (pages.size() == 1) return std::get<std::vector<Document>>(run(*pages.front(), deadline));
    std::int64_t most = 0;
    for (const FindDocuments* page : pages) most += page->limit;
    BsonWriter options;
    options.add("batchSize", most + 1);  // all in the first answer
    add_time_limit(options, deadline);
    return aggregate_all(*pages.front()->collection, to_pipeline(pages), options.finish(),
                         deadline);
}

}  // namespace rapport::mongo
