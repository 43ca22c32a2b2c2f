#include "rapport/channel/export_body.hpp"

#include <algorithm>
#include <array>

#include "rapport/channel/chat_text.hpp"

namespace rapport {
namespace {

using chat_text::lower;
using chat_text::trim;
using chat_text::without_marks;

constexpr std::string_view kMark = "\u200E";
constexpr std::size_t kLongestName = 120;

/// Parts of notices that no person's name holds, lower case: what Android writes without a name
/// and iOS under the chat's.
constexpr std::string_view kNotices[] = {"end-to-end encrypted",
                                         "cifrados de extremo",
                                         "cifradas de extremo",
                                         "cifrado de extremo",
                                         "criptografia de ponta",
                                         "criptografadas",
                                         "ende-zu-ende",
                                         "chiffrés de bout",
                                         "chiffrées de bout",
                                         "crittografat",
                                         "end-to-end versleuteld",
                                         "uçtan uca şifreli",
                                         "сквозным шифрованием",
                                         "端到端",
                                         "端對端",
                                         "엔드투엔드",
                                         "エンドツーエンド",
                                         "created group",
                                         "created this group",
                                         "creó el grupo",
                                         "creó este grupo",
                                         "criou o grupo",
                                         "criou este grupo",
                                         "hat die gruppe",
                                         "a créé le groupe",
                                         "ha creato il gruppo",
                                         "heeft de groep",
                                         "changed the subject",
                                         "changed the group",
                                         "changed this group",
                                         "changed their phone number",
                                         "changed to",
                                         "cambió el asunto",
                                         "cambió el ícono",
                                         "cambió el icono",
                                         "cambió la descripción",
                                         "cambió su número",
                                         "mudou o assunto",
                                         "mudou a descrição",
                                         "mudou para",
                                         "hat den betreff",
                                         "hat das gruppenbild",
                                         "a changé le sujet",
                                         "a changé la description",
                                         "ha cambiato l'oggetto",
                                         "heeft het onderwerp",
                                         "security code",
                                         "código de seguridad",
                                         "código de segurança",
                                         "sicherheitsnummer",
                                         "code de sécurité",
                                         "codice di sicurezza",
                                         "beveiligingscode",
                                         "disappearing messages",
                                         "mensajes temporales",
                                         "mensagens temporárias",
                                         "selbstlöschende nachrichten",
                                         "messages éphémères",
                                         "messaggi effimeri",
                                         "joined using this group",
                                         "joined from the community",
                                         "se unió usando",
                                         "se unió con",
                                         "entrou usando",
                                         "beigetreten",
                                         "a rejoint",
                                         "this business",
                                         "esta empresa",
                                         "is a contact",
                                         "es un contacto",
                                         "you blocked this",
                                         "bloqueaste a",
                                         "you unblocked",
                                         "desbloqueaste",
                                         "business account",
                                         "cuenta de empresa",
                                         "conta comercial",
                                         "unternehmenskonto",
                                         "compte professionnel",
                                         "pinned a message",
                                         "fijó un mensaje",
                                         "fixou uma mensagem",
                                         "official account",
                                         "uses a secure service",
                                         "usa un servicio seguro"};

/// Verbs that make a whole notice of a line without a colon behind a mark on iOS.
constexpr std::string_view kMarkedNotices[] = {
    " added ",          " removed ",     " left",        " joined",
    " añadió ",         " agregó ",      " eliminó ",    " salió",
    " adicionou ",      " removeu ",     " saiu",        " hinzugefügt",
    " entfernt",        " verlassen",    " a ajouté ",   " a retiré ",
    " est parti",       " ha aggiunto ", " ha rimosso ", " ha abbandonato",
    " toegevoegd",      " verwijderd",   " verlaten",    "you're now an admin",
    "ahora eres admin", "agora é admin"};

/// `(file attached)` and its like: how Android marks a file.
constexpr std::string_view kFileAttached[] = {"file attached",
                                              "archivo adjunto",
                                              "datei angehängt",
                                              "arquivo anexado",
                                              "ficheiro anexado",
                                              "fichier joint",
                                              "file allegato",
                                              "bestand bijgevoegd",
                                              "dosya ekli",
                                              "файл добавлен",
                                              "файл прикреплён",
                                              "文件附件",
                                              "檔案附件",
                                              "附件",
                                              "ファイル添付",
                                              "添付ファイル",
                                              "파일 첨부됨",
                                              "ملف مرفق",
                                              "الملف مرفق",
                                              "berkas terlampir",
                                              "file terlampir",
                                              "soubor připojen",
                                              "plik dołączony",
                                              "plik załączony",
                                              "załączono plik",
                                              "bifogad fil",
                                              "vedhæftet fil",
                                              "fil vedhæftet",
                                              "tiedosto liitetty",
                                              "liitetiedosto",
                                              "fil vedlagt",
                                              "फ़ाइल संलग्न",
                                              "fișier atașat",
                                              "fájl csatolva",
                                              "csatolt fájl",
                                              "συνημμένο αρχείο",
                                              "קובץ מצורף",
                                              "arxiu adjunt",
                                              "fitxer adjunt",
                                              "tệp đính kèm",
                                              "ไฟล์แนบ",
                                              "файл додано"};

/// Last words of iOS's placeholder for a file that was left out.
constexpr std::string_view kOmitted[] = {
    "omitted",   "omitido",     "omitida",        "ocultado",       "ocultada",  "oculto",
    "oculta",    "weggelassen", "ausgeschlossen", "absent",         "absente",   "omis",
    "omise",     "manquant",    "manquante",      "retiré",         "retirée",   "omesso",
    "omessa",    "weggelaten",  "atlandı",        "dahil edilmedi", "пропущено", "отсутствует",
    "pominięto", "udeladt",     "utelämnad",      "utelatt",        "已省略",    "省略",
    "忽略",      "생략됨",      "除外",           "忽略影像"};

/// A mark that WhatsApp puts behind an edited message.
constexpr std::string_view kEdited[] = {
    "this message was edited",  "se editó este mensaje",
    "mensaje editado",          "esta mensagem foi editada",
    "mensagem editada",         "diese nachricht wurde bearbeitet",
    "ce message a été modifié", "questo messaggio è stato modificato",
    "dit bericht is bewerkt",   "bu mesaj düzenlendi",
    "сообщение изменено"};

template <std::size_t N>
bool holds_any(std::string_view text, const std::string_view (&parts)[N]) {
    return std::ranges::any_of(
        parts, [&](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

template <std::size_t N>
bool ends_with_any(std::string_view text, const std::string_view (&ends)[N]) {
    return std::ranges::any_of(ends, [&](std::string_view end) { return text.ends_with(end); });
}

template <std::size_t N>
bool is_any(std::string_view text, const std::string_view (&all)[N]) {
    return std::ranges::find(all, text) != std::end(all);
}

/// `IMG-20210428-WA0001.jpg`: a name with an extension of 2 to 5 letters and digits.
bool is_file_name(std::string_view text) {
    const std::size_t dot = text.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || text.size() > 255) return false;
    const std::string_view extension = text.substr(dot + 1);
    return extension.size() >= 2 && extension.size() <= 5 &&
           std::ranges::all_of(extension, [](unsigned char c) { return std::isalnum(c) != 0; }) &&
           text.find_first_of("\n<>/") == std::string_view::npos;
}

ExportAttachment attachment_named(std::string_view name) {
    struct Kind {
        std::string_view kind;
        std::string_view extensions;
    };
    static constexpr Kind kKinds[] = {{"image", " jpg jpeg png gif heic "},
                                      {"video", " mp4 mov 3gp avi mkv "},
                                      {"audio", " opus ogg m4a mp3 aac amr wav "},
                                      {"sticker", " webp "},
                                      {"contact", " vcf "}};
    const std::string extension = " " + lower(name.substr(name.rfind('.') + 1)) + " ";
    for (const Kind& kind : kKinds) {
        if (kind.extensions.find(extension) != std::string_view::npos) {
            return {std::string(kind.kind), std::string(name)};
        }
    }
    return {"document", std::string(name)};
}

/// Takes `<attached: NAME>` (in any language) out of a line; what stands around it stays.
std::optional<std::string> take_bracketed_name(std::string& line) {
    const std::size_t open = line.find('<');
    const std::size_t close = line.find('>', open == std::string::npos ? 0 : open);
    if (open == std::string::npos || close == std::string::npos) return std::nullopt;
    const std::string_view inside = std::string_view(line).substr(open + 1, close - open - 1);
    std::size_t colon = inside.find(':');
    std::size_t colon_bytes = 1;
    if (colon == std::string_view::npos) {
        colon = inside.find("：");
        colon_bytes = 3;
    }
    std::string name;
    if (colon != std::string_view::npos) {
        name = trim(inside.substr(colon + colon_bytes));
    } else {  // NAME <attached>
        name = trim(std::string_view(line).substr(0, open));
        if (!is_file_name(name) || trim(std::string_view(line).substr(close + 1)) != "") {
            return std::nullopt;
        }
        line.clear();
        return name;
    }
    if (!is_file_name(name)) return std::nullopt;
    line.erase(open, close - open + 1);
    line = trim(line);
    return name;
}

/// Takes `NAME (file attached)`, a whole line, out of a text.
std::optional<std::string> take_parenthesised_name(std::string& line) {
    const std::string_view text = trim(line);
    const std::size_t open = text.rfind('(');
    if (open == std::string_view::npos || !text.ends_with(')')) return std::nullopt;
    const std::string_view name = trim(text.substr(0, open));
    const std::string words = lower(trim(text.substr(open + 1, text.size() - open - 2)));
    const bool from_whatsapp = name.find("-WA") != std::string_view::npos;
    if (!is_file_name(name) || (!is_any(words, kFileAttached) && !from_whatsapp)) {
        return std::nullopt;
    }
    std::string taken(name);
    line.clear();
    return taken;
}

/// The name of the file that came with a message; its line is taken out of `text`, which keeps the
/// caption.
std::optional<std::string> take_attachment(std::string& text) {
    std::size_t start = 0;
    while (start <= text.size()) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        std::string line = without_marks(std::string_view(text).substr(start, end - start));
        auto name = take_bracketed_name(line);
        if (!name) name = take_parenthesised_name(line);
        if (name) {
            const bool whole_line = line.empty() && end < text.size();
            text.replace(start, end - start + (whole_line ? 1 : 0), line);
            return name;
        }
        start = end + 1;
    }
    return std::nullopt;
}

bool is_media_omitted(std::string_view raw) {
    const std::string text = lower(without_marks(trim(raw)));
    if (text.size() > 300 || text.find('\n') != std::string::npos) return false;
    const bool several_words = std::ranges::any_of(
        text, [](char c) { return c == ' ' || static_cast<unsigned char>(c) >= 0x80; });
    const bool in_brackets =
        text.starts_with('<') && several_words && text.find_first_of("<>:/=", 1) == text.size() - 1;
    if (in_brackets) return true;
    if (!ends_with_any(text, kOmitted)) return false;
    // iOS marks its placeholders; unmarked, only the shortest form can be told from a sentence.
    return raw.find(kMark) != std::string_view::npos ||
           (std::ranges::count(text, ' ') == 1 && text.size() < 32 && text.find(' ') < 12 &&
            text.ends_with("omitted"));
}

void drop_edited_mark(std::string& text) {
    if (!text.ends_with('>')) return;
    const std::size_t open = text.rfind('<');
    if (open == std::string::npos || open == 0) return;
    std::string inside =
        lower(trim(std::string_view(text).substr(open + 1, text.size() - open - 2)));
    if (inside.ends_with('.')) inside.pop_back();
    if (!is_any(inside, kEdited)) return;
    text.resize(open);
    text = std::string(trim(text));
}

void drop_marks_in_front(std::string& text) {
    while (text.starts_with(kMark) || text.starts_with("\u200F")) text.erase(0, kMark.size());
}

/// A notice that iOS writes under a name: behind a mark, with a notice's words.
bool is_named_notice(std::string_view raw) {
    const std::string text = lower(raw);
    if (!raw.starts_with(kMark)) return text.starts_with("messages and calls are end-to-end");
    return holds_any(text, kNotices) || holds_any(text, kMarkedNotices);
}

}  // namespace

AuthorAndText split_author(std::string_view body) {
    const std::string_view line = body.substr(0, body.find('\n'));
    std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) {
        // An empty message: nothing behind the colon but marks.
        colon = line.rfind(':');
        if (colon != std::string_view::npos && !trim(line.substr(colon + 1)).empty()) {
            colon = line.find(":\u200E");
        }
    }
    if (colon == std::string_view::npos) return {std::nullopt, body};
    std::string author = without_marks(trim(line.substr(0, colon)));
    if (author.starts_with("~")) author = std::string(trim(std::string_view(author).substr(1)));
    const bool quotes = author.find_first_of("\"") != std::string::npos ||
                        author.find("“") != std::string::npos ||
                        author.find("«") != std::string::npos;
    if (author.empty() || author.size() > kLongestName || quotes ||
        holds_any(lower(author), kNotices)) {
        return {std::nullopt, body};
    }
    std::string_view text = body.substr(colon + 1);
    if (text.starts_with(' ')) text.remove_prefix(1);
    return {std::move(author), text};
}

void read_body(std::string_view raw, ExportRecord& record) {
    record.text = raw;
    while (record.text.ends_with('\n') || record.text.ends_with('\r')) record.text.pop_back();
    record.system = !record.author.has_value();
    if (!record.system && is_named_notice(raw)) {
        record.system = true;
        record.author.reset();
    }
    if (!record.system) {
        record.media_omitted = is_media_omitted(record.text);
        if (!record.media_omitted) {
            if (const auto name = take_attachment(record.text)) {
                record.attachment = attachment_named(*name);
            }
            drop_edited_mark(record.text);
        }
    }
    drop_marks_in_front(record.text);
    while (record.text.ends_with('\n')) record.text.pop_back();
}

}  // namespace rapport
