# rapport_embed_files(TARGET FUNCTION FOLDER FILES...) builds the text of files into a target: a source
# with `std::string_view FUNCTION(std::string_view file)` in namespace rapport, empty for any other
# name. FILES are relative to FOLDER; a changed one is read again.
function(rapport_embed_files target function folder)
  set(cases "")
  foreach(file ${ARGN})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${folder}/${file}")
    file(READ "${folder}/${file}" text)
    string(APPEND cases "    if (file == \"${file}\") return R\"embedded(${text})embedded\";\n")
  endforeach()
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp")
  file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT "#include <string_view>

namespace rapport {
std::string_view @function@(std::string_view file);
std::string_view @function@(std::string_view file) {
@cases@    return {};
}
}  // namespace rapport
")
  target_sources(${target} PRIVATE "${source}")
endfunction()
