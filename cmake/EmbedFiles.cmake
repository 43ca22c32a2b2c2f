# cmake -DFOLDER=… "-DFILES=a;b" -DOUTPUT=….cpp -P EmbedFiles.cmake: writes built_in_file(), which
# gives each file's text, so that the program runs with nothing beside it.
string(CONCAT source "// Generated from config/ by EmbedFiles.cmake.\n"
  "#include \"rapport/conversation/built_in_files.hpp\"\n\n"
  "namespace rapport {\n\n"
  "std::string_view built_in_file(std::string_view name) {\n")
foreach(file ${FILES})
  file(READ "${FOLDER}/${file}" text)
  string(APPEND source "if (name == \"${file}\") return R\"_file_(${text})_file_\";\n")
endforeach()
string(APPEND source "return {};\n}\n\n}  // namespace rapport\n")
file(WRITE "${OUTPUT}" "${source}")
