"use strict";
/* Names of places in Russian. A name that is not here, as of a scenario of one's own, stays as it is. */
const PLACES = {
  countries: {
    AF: "Афганистан", IR: "Иран", CN: "Китай", KG: "Кыргызстан", KZ: "Казахстан", RU: "Россия", TJ: "Таджикистан", TM: "Туркменистан", UZ: "Узбекистан",
  },
  names: {
    "Ai-Khanum": "Ай-Ханум", "Aisha-Bibi": "Айша-Биби", "Ak-Jol": "Ак-Жол", "Ak-Tilek": "Ак-Тилек", Aktau: "Актау", Aktobe: "Актобе", Alat: "Алат", Almaty: "Алматы", Altai: "Алтай", "Amu Darya": "Амударья",
    Andijan: "Андижан", Aqina: "Акина", Ashgabat: "Ашхабад", Astana: "Астана", Atyrau: "Атырау", Auyl: "Ауыл", Ayritom: "Айритом", "B. Konysbaev": "Б. Конысбаев", Badakhshan: "Бадахшан", Balkh: "Балх",
    Batken: "Баткен", "Batken-Fergana": "Баткен — Фергана", "Bekobod rail": "Бекабад, ж/д", Bishkek: "Бишкек", "Bor-Dobo": "Бор-Добо", Bugristoe: "Бугристое", Bukhara: "Бухара", CARICC: "ЦАРИКЦ",
    "Caspian route via Baku": "Каспий через Баку", Chaldybar: "Чалдыбар", Chelyabinsk: "Челябинск", "China via Kashgar": "Китай через Кашгар", "China via Urumqi": "Китай через Урумчи", "Chon-Alay": "Чон-Алай",
    "Chon-Kapka": "Чон-Капка", Chu: "Чу", "Chu valley": "Чуйская долина", Darvoz: "Дарваз", Darwaz: "Дарваз", Dautota: "Даут-Ата", Demogan: "Демоган", Dostuk: "Достук", Dushanbe: "Душанбе", Dusti: "Дусти",
    Dustlik: "Дустлик", Eshkashem: "Эшкашем", Farap: "Фарап", Farkhor: "Фархор", Faryab: "Фарьяб", Fayzabad: "Файзабад", Fergana: "Фергана", Fotehobod: "Фотехобод", Galaba: "Галаба", Garm: "Гарм",
    Ghafurov: "Гафуров", "Gisht-Kuprik": "Гишт-Куприк", Guliston: "Гулистон", Hairatan: "Хайратон", "Hairatan port": "порт Хайратон", "Hairatan rail": "Хайратон, ж/д", "Hairatan road": "Хайратон, авто",
    Hamadoni: "Хамадони", Herat: "Герат", "Iran via Mashhad": "Иран через Мешхед", Isfara: "Исфара", "Isfara-Batken": "Исфара — Баткен", Ishkashim: "Ишкашим", "Jalal-Abad": "Джалал-Абад",
    Jirgatal: "Джиргаталь", "Jomarj-e Bolo": "Джомарджи-Боло", Kabul: "Кабул", "Kaindy rail": "Каинды, ж/д", Kairagach: "Кайрагач", Kairak: "Кайрак", Kaplanbek: "Капланбек", Karakalpakia: "Каракалпакия",
    Karamik: "Карамик", Karamyk: "Карамык", Karasu: "Карасу", Keles: "Келес", Khorog: "Хорог", Khujand: "Худжанд", Khumrogi: "Хумроги", Kokul: "Кокул", Kordai: "Кордай", Kostanay: "Костанай",
    "Kudukli rail": "Кудукли, ж/д", Kulob: "Куляб", Kulundu: "Кулунду", Kunduz: "Кундуз", Kurgan: "Курган", "Kurgan-Tyube": "Курган-Тюбе", Kushka: "Кушка", "Kyzyl-Art": "Кызыл-Арт", "Kyzyl-Bel": "Кызыл-Бель",
    "Kyzyl-Kiya": "Кызыл-Кия", Kyzylorda: "Кызылорда", Langar: "Лангар", Lebap: "Лебап", Leilek: "Лейлек", Lugovaya: "Луговая", Madaniyat: "Маданият", Mary: "Мары", Mashtakovo: "Маштаково", Maymana: "Меймене",
    "Mazar-i-Sharif": "Мазари-Шариф", Merke: "Мерке", Moscow: "Москва", Murghab: "Мургаб", Nau: "Нау", Navoi: "Навои", "Nizhniy Pyanj": "Нижний Пяндж", "now Bokhtar": "ныне Бохтар", Nukus: "Нукус", Nusay: "Нусай",
    Oral: "Орал", Osh: "Ош", "Osh-Andijan": "Ош — Андижан", "Ovchi-Kalacha": "Овчи-Калача", Oybek: "Ойбек", Pakhtaobod: "Пахтаабад", Panj: "Пяндж", Panjakent: "Пенджикент", "Panji Poyon": "Панджи Поён",
    Petropavl: "Петропавловск", Petukhovo: "Петухово", "Qalai-Khumb": "Калайхумб", Qubodiyon: "Кабодиён", Qurghonteppa: "Кургонтеппа", Rasht: "Рашт", "Rushon-Shughnon": "Рушан — Шугнан",
    "Russia via Astrakhan": "Россия через Астрахань", "Russia via Orenburg": "Россия через Оренбург", "Russia via Petukhovo": "Россия через Петухово", "Russia via Rubtsovsk": "Россия через Рубцовск",
    "Russia via Samara": "Россия через Самару", "Russia via Troitsk": "Россия через Троицк", Ruzvay: "Рузвай", Sagarchin: "Сагарчин", Samarkand: "Самарканд", Sariosiyo: "Сариасия", "Sary-Tash": "Сары-Таш",
    "Saryagash rail": "Сарыагаш, ж/д", Semey: "Семей", Serhetabat: "Серхетабат", "Sher Khan Bandar": "Шерхан-Бандар", Shu: "Шу", Shurobod: "Шуроабад", Shymkent: "Шымкент", South: "Юг", Spitamen: "Спитамен",
    Sughd: "Согд", Surkhandarya: "Сурхандарья", Syrdarya: "Сырдарья", Syrym: "Сырым", Takhar: "Тахар", Talas: "Талас", Taloqan: "Талукан", Taraz: "Тараз", Tashkent: "Ташкент", Tazhen: "Тажен", Tem: "Тем",
    Termez: "Термез", "Termez river port": "речной порт Термез", Toijvaron: "Тоджварон", Torghundi: "Тургунди", Turkmenabat: "Туркменабад", Turkmenbashi: "Туркменбаши", Tursunzoda: "Турсунзаде",
    Uralsk: "Уральск", Uzbekistan: "Узбекистан", Vanj: "Вандж", Veseloyarsk: "Веселоярск", Wakhan: "Вахан", "western rail line": "западная ж/д линия", Yallama: "Яллама", Ymamnazar: "Имамназар",
    Zarafshan: "Зеравшан", Zhaisan: "Жайсан", "Zhana-Zhol": "Жана-Жол", "Zhibek Zholy": "Жибек Жолы",
    "team-osh": "группа Ош", "team-panj": "группа Пяндж", "team-termez": "группа Термез",
    centre: "центр", east: "восток", west: "запад", ford: "брод", pass: "перевал", market: "рынок", town: "город",
    "east-north": "восток, север", "east-south": "восток, юг", "ford-north": "брод, север", "ford-south": "брод, юг", "pass-north": "перевал, север", "pass-south": "перевал, юг", "west-north": "запад, север", "west-south": "запад, юг",
  },
  /* A whole name: one place or several, and whose post, sector or unit it is. */
  inRussian(name) {
    const of = (code) => PLACES.countries[code] || code;
    const each = (text) => text.split(/( \/ |\/| \(|\)|: |, )/).map((part) => PLACES.names[part] || PLACES.countries[part] || part).join("");
    const post = name.match(/^(.*), (\w\w) post$/), sector = name.match(/^(.*), (\w\w) side of (\w\w)-(\w\w)$/), unit = name.match(/^Inland agencies, (.*)$/);
    if (post) return `${each(post[1])}, пост (${of(post[2])})`;
    if (sector) return `${each(sector[1])}, граница ${of(sector[3])} — ${of(sector[4])}, сторона ${of(sector[2])}`;
    return unit ? `${each(unit[1])}, подразделения внутри страны` : each(name);
  },
};
