#pragma once

#include <string>
#include <string_view>

namespace rapport {

/// The other side of a chat, as WhatsApp names the file it exports, or the `.zip` around it: `Ana`
/// of `WhatsApp Chat with Ana.txt`, in the languages whose notices are known. Empty for a file of
/// another name. `path` may be no UTF-8.
std::string name_in_file_name(std::string_view path);

/// True where that name is this author's, also where it has a number behind it: a second file of
/// the same name is `WhatsApp Chat with Ana (1).txt`, or without the blank.
bool is_name_of(std::string_view name, std::string_view author);

}  // namespace rapport
