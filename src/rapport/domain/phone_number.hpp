#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rapport {

/// The one spelling (E.164, `+525512345678`) of a phone number as people and channels write it:
/// national or international, `tel:`, digits alone as WhatsApp's ids have them, or a WhatsApp
/// address (`…@s.whatsapp.net`, `…@c.us`). An extension is dropped, as a chat has none.
/// `default_region` (ISO 3166, two capital letters) is where a number without a country code
/// belongs. Digits without a plus that make no number there are read with their country code in
/// front; in Mexico so are those that make a North American number with their leading 1.
///
/// On top of libphonenumber these rules hold, because one person must be one lead:
/// - Mexico: `+52 1` before ten digits loses the 1, and so do the prefixes 044 and 045. Dialled so
///   until the numbering plan of 3 August 2019 (IFT, Plan Técnico Fundamental de Numeración);
///   WhatsApp's ids still carry the 1.
/// - Argentina: `+54 9` marks a mobile and stays; WhatsApp's ids have it, too.
/// - Brazil: an eight-digit mobile number (its first digit 6 to 9) gets the ninth digit, a leading
///   9, that all have had since 2016 (Anatel, Resolução 553/2010); ids of older WhatsApp accounts
///   lack it.
/// - Benin: a number of eight digits gets the 01 that all have had since 30 November 2024 (ARCEP).
///
/// Throws InvalidArgument, showing no more than the last four digits, for what cannot be a phone
/// number: it is never stored as typed. A number whose range our metadata does not know yet is
/// accepted when its length is possible there.
std::string normalize_phone(std::string_view typed, std::string_view default_region);

/// A lead's key: `wa:` and `ext:` ids (at most 256 bytes, no control characters) as they are,
/// anything else through normalize_phone.
std::string normalize_lead_id(std::string_view typed, std::string_view default_region);

/// How earlier systems may have stored this number: spellings that the rules above unify and that
/// can belong to nobody else.
std::vector<std::string> legacy_spellings(std::string_view lead_id);

/// `…5678`: as much of a number as may appear in a log or an error; `…` for one of four digits or
/// fewer.
std::string mask_phone(std::string_view number);

/// True for a two-letter region that has phone numbers.
bool is_known_region(std::string_view region);

}  // namespace rapport
