#include <functional>

#include "tests/repository/repository_test.hpp"

namespace rapport::testing {
namespace {

using namespace std::string_literals;

const std::string kLeadId = "507f1f77bcf86cd799439011";
const std::string kMessageId = "507f1f77bcf86cd799439012";

class Text : public RepositoryTest {};
class Injection : public RepositoryTest {};

ON_EVERY_ENGINE(MessageRepository, Text);
ON_EVERY_ENGINE(LeadRepository, Injection);

TEST_P(Text, OfEveryKindComesBackAsItWas) {
    const std::vector<std::string> texts = {""s,
                                            "a\0b\0"s,
                                            "👍🏽 👨‍👩‍👧‍👦"s,
                                            "שלום עולם مرحبا"s,
                                            "\x01\x1f\x7f\r\n\t"s,
                                            "quotes ' \" ` and \\ and ''"s,
                                            "$set {$ne: null} a.b.c %s ? ?1 :x @x"s,
                                            "'; DROP TABLE messages; --"s,
                                            std::string(65'536, 'x')};
    std::vector<Message> many;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        many.push_back(said(texts[i], std::chrono::seconds(i)));
    }
    await(messages.save_messages(many));
    EXPECT_EQ(contents(await(messages.get_recent_messages(kPhone))), texts);
}

TEST_P(Text, OfEveryKindComesBackFromALeadsHistory) {
    Lead lead = new_lead();
    for (const std::string& text : {"a\0b"s, "👍🏽"s, "שלום"s, "\x01\" '\\"s}) {
        lead.add_message(said(text));
    }
    await(leads.save(lead));
    EXPECT_EQ(contents(await(leads.get_by_phone(kPhone))->recent_history),
              contents(lead.recent_history));
}

TEST_P(Text, OneByteOverTheLimitIsRefusedAndNothingOfTheListIsStored) {
    EXPECT_EQ(error_of<InvalidArgument>([&] {
                  await(messages.save_messages({said("fine"), said(std::string(65'537, 'x'))}));
              }),
              "content: 65537 bytes, at most 65536 are allowed");
    EXPECT_EQ(await(messages.count()), 0);
}

TEST_P(Text, ThatIsNotUtf8IsRefusedWithoutBeingShown) {
    EXPECT_EQ(error_of<InvalidArgument>(
                  [&] { await(messages.save_messages({said("a secret caf\xE9")})); }),
              "content: not valid UTF-8");
    Message message = said("fine");
    message.external_id = "\xFF";
    EXPECT_EQ(error_of<InvalidArgument>([&] { await(messages.save_messages({message})); }),
              "external_id: the text is not valid UTF-8");
    EXPECT_THROW(await(messages.find_one(where(&Message::content) == "\xFF")), InvalidArgument);
    EXPECT_EQ(await(messages.count()), 0);
}

TEST_P(Injection, AValueIsOnlyEverAValue) {
    const std::vector<std::string> names = {
        "{\"$gt\": \"\"}",          "$where", "a.b",  "' OR '1'='1",
        "\"; DROP TABLE leads; --", "%",      "null", "a\\'b"};
    std::vector<Lead> made;
    for (std::size_t i = 0; i < names.size(); ++i) {
        Lead lead = new_lead(numbered_phone(static_cast<int>(i)));
        lead.full_name = names[i];
        made.push_back(await(leads.create(lead)));
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto found = await(leads.find_many(where(&Lead::full_name) == names[i]));
        ASSERT_EQ(found.size(), 1U) << names[i];
        EXPECT_EQ(found[0], made[i]);
        EXPECT_EQ(await(leads.find_many(where(&Lead::full_name).in({names[i]}))).size(), 1U);

        Update<Lead> update;
        update.set(where(&Lead::handoff_reason), names[i]);
        EXPECT_EQ(await(leads.update_many(where(&Lead::full_name) == names[i], update)), 1);
        EXPECT_EQ(await(leads.find_by_id(made[i].id.to_string()))->handoff_reason, names[i]);
    }
    EXPECT_EQ(await(leads.find_many(where(&Lead::full_name) == "x' OR 1=1")).size(), 0U);
    EXPECT_EQ(await(leads.count()), static_cast<std::int64_t>(names.size()));
}

TEST_P(Injection, AnIdIsOnlyEverAnId) {
    const Lead lead = await(leads.get_or_create("ext:' OR '1'='1"));
    EXPECT_EQ(await(leads.get_by_phone("ext:' OR '1'='1")), lead);
    EXPECT_EQ(await(leads.get_by_phone("ext:$ne")), std::nullopt);
    EXPECT_EQ(await(messages.delete_messages_for_lead("ext:x' OR '1'='1")), 0);
    for (const char* id :
         {"", "abc", "{\"$ne\": null}", "' OR '1'='1", "507f1f77bcf86cd79943901z"}) {
        EXPECT_EQ(await(leads.find_by_id(id)), std::nullopt) << id;
        EXPECT_FALSE(await(leads.delete_by_id(id))) << id;
    }
    EXPECT_EQ(await(leads.count()), 1);
}

/// One document of another program that does not fit, and what reading it says.
struct Misfit {
    std::string name;
    std::string change;  ///< members, as JSON, instead of the right ones
    std::string error;
    /// A SQLite column holds values of its own type only.
    bool only_in_documents = false;
};

void PrintTo(const Misfit& misfit, std::ostream* out) { *out << misfit.name; }

/// `base` with the members of `change` in place of its own; a null in `change` takes one away.
std::string with_changes(std::string_view base, std::string_view change) {
    const Document changes = from_json(change);
    const Document whole = from_json(base);
    BsonWriter out;
    for (BsonReader in(whole); !in.at_end();) {
        const BsonElement element = in.next();
        const auto changed = names_of(changes);
        if (std::ranges::find(changed, element.name()) == changed.end()) {
            out.add(element.name(), element);
        }
    }
    for (BsonReader in(changes); !in.at_end();) {
        const BsonElement element = in.next();
        if (element.type() != BsonType::kNull) out.add(element.name(), element);
    }
    return to_json(out.finish());
}

constexpr std::string_view kLeadJson = R"({
    "_id": "507f1f77bcf86cd799439011", "lead_id": "+525512345678",
    "current_stage": "1 - discovery", "recent_history": [], "signals": [], "message_count": 0,
    "last_interaction_at": "2024-03-01T10:00:00Z", "handoff_status": "none",
    "created_at": "2024-03-01T10:00:00Z", "updated_at": "2024-03-01T10:00:00Z"})";

class LeadFromElsewhere : public ::testing::TestWithParam<std::tuple<std::string, Misfit>> {};

TEST_P(LeadFromElsewhere, IsRefusedByItsPathAndTheOthersAreRead) {
    const auto& [engine_name, misfit] = GetParam();
    Engine engine(engine_name);
    LeadRepository leads(engine.store());
    const Lead healthy = await(leads.get_or_create("+525599999999"));
    engine.insert_foreign(lead_collection(), foreign(with_changes(kLeadJson, misfit.change)));

    const auto refusal = [&](auto read) { return error_of<InvalidDocument>(read); };
    EXPECT_EQ(refusal([&] { await(leads.find_by_id(kLeadId)); }), misfit.error);
    EXPECT_EQ(refusal([&] { await(leads.find_many()); }), misfit.error);
    EXPECT_EQ(await(leads.find_by_id(healthy.id.to_string())), healthy);
    EXPECT_EQ(await(leads.get_by_phone(healthy.lead_id)), healthy);
    EXPECT_EQ(await(leads.count()), 2);
    EXPECT_TRUE(await(leads.delete_by_id(kLeadId)));
}

const std::vector<Misfit> kMisfits = {
    Misfit{"MissingStage", R"({"current_stage": null})", "current_stage: missing"},
    Misfit{"UnknownStage", R"({"current_stage": "7 - unheard_of"})",
           "current_stage: unknown value \"7 - unheard_of\""},
    Misfit{"ListForAText", R"({"full_name": ["Zoë"]})", "full_name: expected a string, found array",
           true},
    Misfit{"TextForANumber", R"({"message_count": "many"})",
           "message_count: expected a whole number, found string", true},
    Misfit{"NoDate", R"({"last_interaction_at": "yesterday"})",
           "last_interaction_at: expected a date, found a string that is not ISO 8601"},
    Misfit{"UnknownHandoff", R"({"handoff_status": "perhaps"})",
           "handoff_status: unknown value \"perhaps\""},
    Misfit{"DocumentForAList", R"({"recent_history": {"a": 1}})",
           "recent_history: expected an array, found document"},
    Misfit{"WrongTypeDeepInside",
           R"({"recent_history": [
                       {"role": "lead", "content": "a", "timestamp": "2024-03-01T10:00:00Z"},
                       {"role": "lead", "content": "b", "timestamp": 7}]})",
           "recent_history[1].timestamp: expected a date, found int32"},
    Misfit{"MissingDeepInside", R"({"signals": [{"dimension": "need"}]})",
           "signals[0].extracted_value: missing"},
    Misfit{"UnknownRoleDeepInside",
           R"({"recent_history": [{"role": "robot", "content": "a",
                       "timestamp": "2024-03-01T10:00:00Z"}]})",
           "recent_history[0].role: unknown value \"robot\""}};

std::vector<std::tuple<std::string, Misfit>> misfits_of_every_engine() {
    std::vector<std::tuple<std::string, Misfit>> all;
    for (const std::string& engine : engines()) {
        for (const Misfit& misfit : kMisfits) {
            if (engine != "sqlite" || !misfit.only_in_documents) all.emplace_back(engine, misfit);
        }
    }
    return all;
}

INSTANTIATE_TEST_SUITE_P(LeadRepository, LeadFromElsewhere,
                         ::testing::ValuesIn(misfits_of_every_engine()),
                         [](const auto& parameters) {
                             return std::get<1>(parameters.param).name + "_" +
                                    std::get<0>(parameters.param);
                         });

class MessageFromElsewhere : public RepositoryTest {};

ON_EVERY_ENGINE(MessageRepository, MessageFromElsewhere);

TEST_P(MessageFromElsewhere, IsRefusedByItsPathAndTheOthersAreRead) {
    const auto healthy = await(messages.save_messages({said("fine")}));
    engine.insert_foreign(message_collection(), foreign(R"({
        "_id": "507f1f77bcf86cd799439012", "lead_id": "+525512345678", "role": "lead",
        "content": "a secret", "timestamp": true, "created_at": "2024-03-01T10:00:00Z",
        "updated_at": "2024-03-01T10:00:00Z"})"));
    const std::string refusal =
        error_of<InvalidDocument>([&] { await(messages.find_by_id(kMessageId)); });
    EXPECT_TRUE(refusal.starts_with("timestamp: expected a date, found ")) << refusal;
    EXPECT_EQ(await(messages.find_by_id(healthy[0].id.to_string())), healthy[0]);
    EXPECT_EQ(await(messages.count_messages_for_lead(kPhone)), 2);
    EXPECT_EQ(await(messages.delete_messages_for_lead(kPhone)), 2);
}

}  // namespace
}  // namespace rapport::testing
