/** Names of countries, regions and their people, which change no answer. */

export const PLACES: readonly string[] = [
  `afghanistan; albania; algeria; andorra; angola; argentina; armenia; australia; austria; azerbaijan; bahamas; bahrain
  bangladesh; barbados; belarus; belgium; belize; benin; bhutan; bolivia; bosnia and herzegovina; botswana; brazil; brunei
  bulgaria; burkina faso; burundi; cabo verde; cape verde; cambodia; cameroon; canada; central african republic; chad; chile
  china; colombia; comoros; congo; democratic republic of congo; costa rica; cote d'ivoire; croatia; cuba; cyprus; czechia
  czech republic; denmark; djibouti; dominica; dominican republic; ecuador; egypt; el salvador; equatorial guinea; eritrea
  estonia; eswatini; ethiopia; fiji; finland; france; gabon; gambia; georgia; germany; ghana; greece; grenada; guatemala
  guinea; guinea bissau; guyana; haiti; honduras; hong kong; hungary; iceland; india; indonesia; iran; iraq; ireland; israel
  italy; jamaica; japan; jordan; kazakhstan; kenya; korea; south korea; north korea; kosovo; kuwait; kyrgyzstan; laos; latvia
  lebanon; lesotho; liberia; libya; liechtenstein; lithuania; luxembourg; macau; macao; madagascar; malawi; malaysia; maldives
  mali; malta; mauritania; mauritius; mexico; moldova; monaco; mongolia; montenegro; morocco; mozambique; myanmar; namibia
  nepal; netherlands; new zealand; nicaragua; niger; nigeria; north macedonia; norway; oman; pakistan; palestine; panama
  papua new guinea; paraguay; peru; philippines; poland; portugal; puerto rico; qatar; romania; russia; russian federation
  rwanda; samoa; saudi arabia; senegal; serbia; seychelles; sierra leone; singapore; slovakia; slovak republic; slovenia
  solomon islands; somalia; south africa; south sudan; spain; sri lanka; sudan; suriname; sweden; switzerland; syria; taiwan
  tajikistan; tanzania; thailand; togo; tonga; trinidad and tobago; tunisia; turkey; turkiye; turkmenistan; uganda; ukraine
  united arab emirates; united kingdom; united states; united states of america; uruguay; uzbekistan; vanuatu; venezuela
  vietnam; viet nam; yemen; zambia; zimbabwe`,
  `u.s; us; usa; uk; eu; euro area; eurozone; european union; oecd; g20; g7; world; global; europe; asia; africa; america; oceania
  north america; south america; latin america; caribbean; middle east; north africa; sub-saharan africa; east asia; south asia
  south-east asia; central asia; pacific; arab world; west; east; north; south; central; low- and middle-income economy
  high-income economy; low-income economy; middle-income economy; least developed country; landlocked developing country
  small island developing state; developing country; emerging market; economy; country; region; outside region; within region
  northern; southern; eastern; western; coastal; capital region; northern region; southern region; eastern region; western region
  all region; area; city; london; cushing; oklahoma; new york; tokyo; sec; st louis; polish; british; german; french; italian; spanish; japanese; chinese; indian; mexican; canadian; australian; swiss; turkish; african; asian; european; american; others`,
]
