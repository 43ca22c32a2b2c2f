#include "rapport/channel/day_period.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace rapport {
namespace {

/// Marks divided by blanks. Marks of one Latin letter are left out, and those that languages
/// contradict each other on.
constexpr std::pair<DayPeriod, std::u32string_view> kMarks[] = {
    {DayPeriod::kMorning,
     U"am rn fh gh wd yb bn to то moies isuk भोर ቅቀ àárọ̀ vm vorm vormittags amvormittag fm dop "
     U"dopołdnja ap de öö sa pd eparadites matin dumatin "
     U"mat delamañana delamadrugada dinda damanhã demanhã mañana manhã atm priešpiet priekšp "
     U"priekšpusdienā prijepodne prp дп ам преподне претпл пријеподне проб таңкы тң эи үө πμ πρωί "
     U"sáng pg pagi asubuhi safiya sabah ertalab günortadanöň гэг ա կա ص صباحا صباحًا صباحاً ق قظ "
     U"قبلازظهر بن غم فجرا فجرًا לפנה״צ לפנהצ בבוקר לפנותבוקר पूर्वाह्न सुबह सकाळी सकाळ मपू मपूर्व "
     U"पूर्वान्ह बिहान এএম পূর্বাহ্ন পূৰ্বাহ্ন সকাল ভোর ਪੂਦੁ ਪੂਰਵਦੁਪਹਿਰ ਸਵੇਰੇ પૂર્વાહ્ન ପୂ ପୂର୍ବାହ୍ନ "
     U"முப முற்பகல் காலை పూర్వాహ్నం ఉదయం ಪೂ ಪೂರ್ವಾಹ್ನ ಬೆಳಿಗ್ಗೆ രാവിലെ පෙව ก่อนเที่ยง เช้า "
     U"ກ່ອນທ່ຽງ နံနက် ព្រឹក ጥዋት ጠዋት дил 上午 早上 清晨 凌晨 朝早 早晨 午前 朝 오전 새벽 아침"},
    {DayPeriod::kNoon,
     U"中午 正午 昼 정오 ظهرا ظهرًا दोपहर দুপুর mediodía delmediodía tengahhari trưa siang"},
    {DayPeriod::kAfternoon,
     U"pm in eh gd wb yh pn nomëttes wengi सांज सांझ ድቀ ọ̀sán popołdnju nm nachm nachmittags "
     U"amnachmittag em odp wótpołdnja ip du ös ch md epasdites soir dusoir "
     U"aprèsmidi delatarde tarde datarde ptg petang sore ptm popiet pēcp pēcpusdienā popodne pop "
     U"пп пм поподне попл послеподне послијеподне слоб түштөнкийинки тк tk эк үх μμ μεσημέρι chiều "
     U"tối alasiri yamma günortadansoň оройн հ կհ م مساء مساءً مساءا بظ بعدازظهر عصرا دن غو אחה״צ "
     U"אחהצ בערב בצהריים अपराह्न शाम दुपारी सायंकाळ मउ मउत्तर अपरान्ह साँझ বিকাল সন্ধ্যা পিএম অপরাহ্ন "
     U"অপৰাহ্ন ਬਾਦੁ ਬਾਅਦਦੁਪਹਿਰ ਸ਼ਾਮ અપરાહ્ન ଅ ଅପରାହ୍ନ பிப பிற்பகல் மாலை అపరాహ్నం సాయంత్రం ಅ "
     U"ಅಪರಾಹ್ನ ಸಂಜೆ ഉച്ചയ്ക്ക് വൈകുന്നേരം පව หลังเที่ยง บ่าย เย็น ຫຼັງທ່ຽງ ညနေ ល្ងាច ከሰዓት "
     U"下午 午後 傍晚 晏晝 下晝 黃昏 夕方 오후 저녁"},
    {DayPeriod::kNight,
     U"delanoche noche danoite noite nachts malam đêm usiku ليلا ليلًا ליל בלילה रात रात्री রাত "
     U"রাত্রি ਰਾਤੀਂ இரவு రాత్రి ರಾತ್ರಿ രാത്രി 晚上 夜晚 夜间 夜里 夜裡 半夜 午夜 深夜 夜 夜中 밤 자정"}};

std::unordered_map<std::u32string_view, DayPeriod> split_marks() {
    std::unordered_map<std::u32string_view, DayPeriod> periods;
    for (auto [period, marks] : kMarks) {
        while (!marks.empty()) {
            const std::size_t end = std::min(marks.find(U' '), marks.size());
            periods.emplace(marks.substr(0, end), period);
            marks.remove_prefix(std::min(end + 1, marks.size()));
        }
    }
    return periods;
}

}  // namespace

std::optional<DayPeriod> day_period_of(std::u32string_view mark) {
    static const auto kPeriods = split_marks();
    const auto found = kPeriods.find(mark);
    return found == kPeriods.end() ? std::nullopt : std::optional(found->second);
}

int hour_of_day(int hour, DayPeriod period) {
    constexpr int kHalf = 12;
    if (hour > kHalf) return hour;
    const int from_half = hour % kHalf;
    switch (period) {
        case DayPeriod::kMorning:
            return from_half;
        case DayPeriod::kNoon:  // from 10 or 11 in the morning on
            return hour >= 10 ? hour : hour + kHalf;
        case DayPeriod::kAfternoon:
            return from_half + kHalf;
        case DayPeriod::kNight:  // from the evening to the early morning
            return from_half < 6 ? from_half : from_half + kHalf;
    }
    return hour;
}

}  // namespace rapport
