#pragma once

#include <cstdint>
#include <string>

#include "rapport/repository/personal_data.hpp"

namespace rapport::cli {

/// What a document of `rapport export` holds, its messages counted.
struct CheckedExport {
    PersonalData::ExportedLead content{};
    std::int64_t messages = 0;
};

/// Reads the document once, in bounded memory, so that a broken one, or one with a message of
/// another lead, is refused before anything is stored. Throws InvalidArgument that names the file.
CheckedExport check_exported_lead(const std::string& file, const std::string& default_region);

/// Stores it and returns how many messages were not there; see PersonalData::restore_lead.
std::int64_t store_exported_lead(PersonalData data, const std::string& file,
                                 PersonalData::ExportedLead exported,
                                 PersonalData::RestoreOptions options, MessageProgress progress);

}  // namespace rapport::cli
