#pragma once

#include "connection.hpp"
#include "rapport/store/operation.hpp"

namespace rapport::sqlite {

/// Binds a document's members to the columns of insert_row(). Throws InvalidArgument for a member
/// that has no column.
void bind_document(Statement& statement, const Collection& collection, const Document& document);

/// The current row of a select_rows() statement. Values are taken as they are stored, whatever the
/// column says: the codec reports what does not fit. Throws InvalidDocument where even that is
/// impossible: JSON that is none, text that is not UTF-8.
Document read_row(const Statement& statement, const Collection& collection);

}  // namespace rapport::sqlite
