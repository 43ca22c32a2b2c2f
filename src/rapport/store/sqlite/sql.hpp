#pragma once

#include <string>
#include <vector>

#include "rapport/store/operation.hpp"

namespace rapport::sqlite {

/// SQL text and the values for its `?`, in their order.
struct Sql {
    std::string text;
    std::vector<Scalar> values;
};

/// The statements for each operation. Names come from the collection's columns only, values are
/// always bound. Throws InvalidArgument for a path that is no column.
Sql select_rows(const FindDocuments& find);
Sql select_groups(const AggregateDocuments& aggregate);
Sql update_rows(const UpdateDocuments& update);
Sql delete_rows(const RemoveDocuments& remove);
/// With a `?` for every column.
std::string insert_row(const Collection& collection);

std::string create_table(const Collection& collection);
std::string add_column(const Collection& collection, const Column& column);
std::string create_index(const Collection& collection, const Index& index);

}  // namespace rapport::sqlite
