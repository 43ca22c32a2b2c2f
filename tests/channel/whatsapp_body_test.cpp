#include <gtest/gtest.h>

#include "tests/channel/reading.hpp"

namespace rapport {
namespace {

using testing::message_of_ana;
using testing::record_in;

class AndroidNotice : public ::testing::TestWithParam<std::string_view> {};

TEST_P(AndroidNotice, HasNoAuthor) {
    const ExportRecord record = record_in("24/12/2021, 18:05 - " + std::string(GetParam()));
    EXPECT_TRUE(record.system);
    EXPECT_EQ(record.author, std::nullopt);
    EXPECT_EQ(record.text, GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    WithAColon, AndroidNotice,
    ::testing::Values(
        "Eva changed the subject from \"Ventas\" to \"Ventas: norte\"",
        "Eva changed the group description to: see below",
        "Eva joined using this group's invite link: tap to see",
        "You created group \"Plan: verano\"", "Your security code with Eva changed: tap for more",
        "Los mensajes y las llamadas están cifrados de extremo a extremo: toca para saber más",
        "Eva cambió el asunto de «Uno» a «Dos: tres»", "Eva creó el grupo \"Uno: dos\"",
        "Eva hat den Betreff geändert: „Neu“", "Eva a changé l'objet : nouveau: x",
        "Eva heeft het onderwerp gewijzigd: nieuw", "Eva mudou o assunto para: novo",
        "Eva ha cambiato l'oggetto: nuovo",
        "Сообщения и звонки защищены сквозным шифрованием: подробнее",
        "訊息和通話經過端對端加密: 點按以瞭解", "Un aviso «de otro: idioma»"));

INSTANTIATE_TEST_SUITE_P(WithoutAColon, AndroidNotice,
                         ::testing::Values("Eva added Leo", "Eva left", "You're now an admin",
                                           "Eva changed this group's icon"));

class IosNotice : public ::testing::TestWithParam<std::string_view> {};

TEST_P(IosNotice, IsNotSaidByTheNameItStandsUnder) {
    const ExportRecord record =
        record_in("[24/12/21, 18:05:09] Eva: \u200E" + std::string(GetParam()));
    EXPECT_TRUE(record.system);
    EXPECT_EQ(record.author, std::nullopt);
    EXPECT_EQ(record.text, GetParam());
    EXPECT_TRUE(parse_whatsapp("[24/12/21, 18:05:09] Eva: \u200E" + std::string(GetParam()))
                    .authors.empty());
}

INSTANTIATE_TEST_SUITE_P(
    English, IosNotice,
    ::testing::Values("Messages and calls are end-to-end encrypted. Only people in this chat can "
                      "read them.",
                      "Eva created group “Plan”", "Eva added Leo", "Leo left", "Eva removed Leo",
                      "You're now an admin", "Eva changed this group's icon",
                      "Your security code with Eva changed.", "Eva is a contact.",
                      "Eva turned on disappearing messages.",
                      "This business uses a secure service from Meta to manage this chat."));
INSTANTIATE_TEST_SUITE_P(
    OtherLanguages, IosNotice,
    ::testing::Values("Los mensajes y las llamadas están cifrados de extremo a extremo.",
                      "Eva añadió a Leo", "Leo salió", "Se activaron los mensajes temporales.",
                      "As mensagens e ligações são protegidas com a criptografia de ponta a ponta.",
                      "Eva adicionou Leo",
                      "Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.",
                      "Eva hat Leo hinzugefügt", "Les messages sont chiffrés de bout en bout.",
                      "Eva a ajouté Leo", "I messaggi sono crittografati end-to-end.",
                      "Eva ha aggiunto Leo", "Berichten zijn end-to-end versleuteld.",
                      "Eva heeft Leo toegevoegd"));

TEST(IosNotices, OfEncryptionAreKnownWithoutTheMark) {
    const auto record =
        record_in("[24/12/21, 18:05:09] Eva: Messages and calls are end-to-end encrypted.");
    EXPECT_TRUE(record.system);
}

class SaidByAPerson : public ::testing::TestWithParam<std::string_view> {};

TEST_P(SaidByAPerson, KeepsItsAuthor) {
    for (const std::string_view head :
         {"24/12/2021, 18:05 - Ana: ", "[24/12/21, 18:05:09] Ana: "}) {
        const ExportRecord record = record_in(std::string(head) + std::string(GetParam()));
        EXPECT_EQ(record.author, "Ana");
        EXPECT_FALSE(record.system);
        EXPECT_FALSE(record.media_omitted);
        EXPECT_FALSE(record.attachment);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Texts, SaidByAPerson,
    ::testing::Values(
        "This message was deleted", "\u200EThis message was deleted.", "Eliminaste este mensaje",
        "\u200EMissed voice call", "\u200ELlamada perdida",
        "\u200ELocation: https://maps.example/?q=1,2", "Leo left",
        "I added the end-to-end encrypted one", "\u200EPOLL:\nWho left?\nOPTION: Leo left (1 vote)",
        "\u200EYou received a view once photo. For added privacy, open it on your phone",
        "the price is <b>5</b>", "i <3 you", "<3 you>", "see a.txt (the new one)",
        "nothing omitted", "I was absent", "3 < 4: true > false", "https://a.b/c.jpg"));

struct Attached {
    std::string_view text;
    std::string_view name;
    std::string_view kind;
    std::string_view caption;
};

std::ostream& operator<<(std::ostream& out, const Attached& attached) {
    return out << ::testing::PrintToString(attached.text);
}

class WhatsAppAttachment : public ::testing::TestWithParam<Attached> {};

TEST_P(WhatsAppAttachment, IsTakenOutOfTheText) {
    const ExportRecord record = message_of_ana(GetParam().text);
    ASSERT_TRUE(record.attachment) << GetParam().text;
    EXPECT_EQ(record.attachment->name, GetParam().name);
    EXPECT_EQ(record.attachment->kind, GetParam().kind);
    EXPECT_EQ(record.text, GetParam().caption);
    EXPECT_EQ(record.author, "Ana");
    EXPECT_FALSE(record.media_omitted);
}

INSTANTIATE_TEST_SUITE_P(
    Ios, WhatsAppAttachment,
    ::testing::Values(
        Attached{"\u200E<attached: 00000007-PHOTO-2021.jpg>", "00000007-PHOTO-2021.jpg", "image",
                 ""},
        Attached{"< attached: 00000007.jpg >", "00000007.jpg", "image", ""},
        Attached{"\u200E<adjunto: 00000008-AUDIO.opus>", "00000008-AUDIO.opus", "audio", ""},
        Attached{"\u200E<Anhang: 00000009-VIDEO.mp4>", "00000009-VIDEO.mp4", "video", ""},
        Attached{"\u200E<anexado: a b.pdf>", "a b.pdf", "document", ""},
        Attached{"\u200E<pièce jointe : 1-STICKER.webp>", "1-STICKER.webp", "sticker", ""},
        Attached{"\u200E<附件：00000010-PHOTO.jpg>", "00000010-PHOTO.jpg", "image", ""},
        Attached{"the plan <3 \u200E<attached: 00000011.pdf>", "00000011.pdf", "document",
                 "the plan <3"},
        Attached{"Leo Paz.vcf \u200E<attached: 00000012-Leo Paz.vcf>", "00000012-Leo Paz.vcf",
                 "contact", "Leo Paz.vcf"},
        Attached{"two\nlines\n\u200E<attached: 00000013.jpg>", "00000013.jpg", "image",
                 "two\nlines"},
        Attached{"2015-PHOTO-00004.jpg <\u200Eattached>", "2015-PHOTO-00004.jpg", "image", ""},
        Attached{"\u200E<attached: Leo left 2.jpg>", "Leo left 2.jpg", "image", ""}));

INSTANTIATE_TEST_SUITE_P(
    Android, WhatsAppAttachment,
    ::testing::Values(Attached{"IMG-20211224-WA0001.jpg (file attached)", "IMG-20211224-WA0001.jpg",
                               "image", ""},
                      Attached{"\u200EIMG-20211224-WA0001.jpg (archivo adjunto)\nla foto\nde ayer",
                               "IMG-20211224-WA0001.jpg", "image", "la foto\nde ayer"},
                      Attached{"PTT-20211224-WA0002.opus (Datei angehängt)",
                               "PTT-20211224-WA0002.opus", "audio", ""},
                      Attached{"lista de precios.xlsx (arquivo anexado)", "lista de precios.xlsx",
                               "document", ""},
                      Attached{"a.m4a (fichier joint)", "a.m4a", "audio", ""},
                      Attached{"b.3gp (file allegato)", "b.3gp", "video", ""},
                      Attached{"Leo (2).vcf (bestand bijgevoegd)", "Leo (2).vcf", "contact", ""},
                      Attached{"ОТЧЕТ.PDF (файл добавлен)", "ОТЧЕТ.PDF", "document", ""},
                      Attached{"STK-20211224-WA0003.webp (xyz in no known language)",
                               "STK-20211224-WA0003.webp", "sticker", ""}));

class WhatsAppOmitted : public ::testing::TestWithParam<std::string_view> {};

TEST_P(WhatsAppOmitted, IsMarkedAndKeepsItsText) {
    const ExportRecord record = message_of_ana(GetParam());
    EXPECT_TRUE(record.media_omitted);
    EXPECT_FALSE(record.attachment);
    const bool marked = GetParam().starts_with("\u200E") || GetParam().starts_with("\u200F");
    EXPECT_EQ(record.text, GetParam().substr(marked ? 3 : 0));
    EXPECT_EQ(record.author, "Ana");
}

INSTANTIATE_TEST_SUITE_P(Android, WhatsAppOmitted,
                         ::testing::Values("<Media omitted>", "<Multimedia omitido>",
                                           "<Medien ausgeschlossen>", "<Mídia oculta>",
                                           "<Médias omis>", "<Media weggelaten>", "<Media omessi>",
                                           "<Без медиафайлов>", "<省略多媒體檔案>",
                                           "<تم استبعاد الوسائط>",
                                           "<Media omitted>\nwith a caption"));
INSTANTIATE_TEST_SUITE_P(
    Ios, WhatsAppOmitted,
    ::testing::Values("\u200Eimage omitted", "\u200Eimagen omitida", "\u200Eaudio omitido",
                      "\u200EVideo weggelassen", "\u200Esticker omitted", "\u200EGIF omitted",
                      "\u200Fהתמונה הושמטה", "\u200Eimagem ocultada", "\u200Eimage absente",
                      "\u200Eimmagine omessa", "\u200Eafbeelding weggelaten",
                      "\u200Eизображение пропущено",
                      "report.pdf • \u200E3 pages \u200Edocument omitted", "image omitted",
                      "Contact card omitted", "mira esto \u200Eimagen omitida",
                      "two\nlines \u200Eimage omitted"));

struct Edited {
    std::string_view text;
    std::string_view kept;
};

std::ostream& operator<<(std::ostream& out, const Edited& edited) {
    return out << ::testing::PrintToString(edited.text);
}

class WhatsAppEdited : public ::testing::TestWithParam<Edited> {};

TEST_P(WhatsAppEdited, LosesTheMark) {
    EXPECT_EQ(message_of_ana(GetParam().text).text, GetParam().kept);
}

INSTANTIATE_TEST_SUITE_P(
    Marks, WhatsAppEdited,
    ::testing::Values(Edited{"at nine <This message was edited>", "at nine"},
                      Edited{"at nine \u200E<This message was edited>", "at nine"},
                      Edited{"a las nueve \u200E<Se editó este mensaje.>", "a las nueve"},
                      Edited{"um neun <Diese Nachricht wurde bearbeitet.>", "um neun"},
                      Edited{"in\ntwo <Esta mensagem foi editada>", "in\ntwo"},
                      Edited{"at <nine>", "at <nine>"}));

}  // namespace
}  // namespace rapport
