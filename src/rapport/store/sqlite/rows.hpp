#pragma once

#include "rapport/store/operation.hpp"
#include "rapport/store/sqlite/connection.hpp"

namespace rapport::sqlite {

/// Binds a document's members to the columns of insert_row(); the rest stays NULL. Throws
/// InvalidArgument for a member that has no column and for a value its column cannot show.
void bind_document(Statement& statement, const Collection& collection, const Document& document);

/// The current row of a select_rows() statement. A value whose stored form is not its column's
/// comes as it is: the codec then reports it. Throws InvalidDocument, naming the member, where no
/// document can hold it: a blob, text that is not UTF-8, nested members that are not JSON.
Document read_row(const Statement& statement, const Collection& collection);

/// One value of a row, read as its column's type where it fits; absent for a blob.
Scalar read_scalar(const Statement& statement, int position, ColumnType type);

}  // namespace rapport::sqlite
