/*
 * sim/vocabulary.c: the words of the bundle, what plants make of which waste, and Chinese names.
 */
#include "city.h"

#include <stdio.h>
#include <string.h>

const char *const code_text[OUTPUT_COUNT] = {
    [SW03] = "SW03",
    [SW07] = "SW07",
    [SW11] = "SW11",
    [SW13] = "SW13",
    [SW14] = "SW14",
    [SW15] = "SW15",
    [SW16] = "SW16",
    [SW17] = "SW17",
    [SW59] = "SW59",
    [HW_STILL] = "276-002-02",
    [HW_COPPER] = "336-054-17",
    [HW_SLUDGE] = "336-062-17",
    [HW_EMULSION] = "900-006-09",
    [HW_RESIDUE] = "900-013-11",
    [HW_CARBON] = "900-039-49",
    [HW_PACKAGING] = "900-041-49",
    [HW_LAB] = "900-047-49",
    [HW_BATTERY] = "900-052-31",
    [HW_OIL] = "900-249-08",
    [HW_PAINT] = "900-252-12",
    [HW_INK] = "900-253-12",
    [HW_FLY_ASH] = "772-002-18",
    [HW_BURNT] = "772-003-18",
    [SW70] = "SW70",
    [SW73] = "SW73",
    [MEDICAL_WASTE] = "841-001-01",
    [SW61] = "SW61",
    [SW62] = "SW62",
    [SW64] = "SW64",
    [OUT_PRODUCT] = "product",
    [OUT_LEACHATE] = "leachate",
    [OUT_WATER] = "water",
};

const char *const stream_text[STREAM_COUNT] = {"industrial", "hazardous", "construction", "medical",
                                               "household"};

const char *const kind_text[KIND_COUNT] = {"factory",
                                           "workshop",
                                           "hospital",
                                           "clinic",
                                           "construction_site",
                                           "demolition_site",
                                           "community",
                                           "market",
                                           "transfer_station",
                                           "collection_centre",
                                           "incinerator",
                                           "landfill",
                                           "hazardous_treatment",
                                           "medical_treatment",
                                           "cement_kiln",
                                           "recycler",
                                           "spoil_ground",
                                           "food_waste_plant",
                                           "depot"};

const char *const driver_text[KIND_COUNT] = {
    "t_product", "staff", "bed_day", "visit", "floor_m2_new", "floor_m2_demolition",
    "person",    "staff", "kwh",     "kwh",   "kwh",          "kwh",
    "kwh",       "kwh",   "kwh",     "kwh",   "kwh",          "kwh",
    ""};

/* Shares of the input, after reference/detection.md 3.1: bottom ash 18-25 %, fly ash 3-5 %,
   hazardous incineration residues 15-30 %; what is missing to 1 is gas and moisture. */
const recipe recipes[] = {
    {INCINERATOR, SW64, "D10", {{SW03, 0.21}, {HW_FLY_ASH, 0.04}, {OUT_LEACHATE, 0.15}}},
    {INCINERATOR, SW59, "D10", {{SW03, 0.25}, {HW_FLY_ASH, 0.04}}},
    {INCINERATOR, SW07, "D10", {{SW03, 0.22}, {HW_FLY_ASH, 0.04}}},
    {LANDFILL, SW07, "D1", {{0, 0}}},
    {LANDFILL, SW16, "D1", {{0, 0}}},
    {LANDFILL, SW59, "D1", {{0, 0}}},
    {LANDFILL, HW_FLY_ASH, "D1", {{0, 0}}},
    {LANDFILL, HW_BURNT, "D1", {{0, 0}}},
    {HAZARDOUS_TREATMENT, HW_STILL, "D10", {{HW_BURNT, 0.24}}},
    {HAZARDOUS_TREATMENT, HW_SLUDGE, "D9", {{HW_BURNT, 0.28}}},
    {HAZARDOUS_TREATMENT, HW_EMULSION, "D10", {{HW_BURNT, 0.22}}},
    {HAZARDOUS_TREATMENT, HW_RESIDUE, "D10", {{HW_BURNT, 0.24}}},
    {HAZARDOUS_TREATMENT, HW_CARBON, "D10", {{HW_BURNT, 0.20}}},
    {HAZARDOUS_TREATMENT, HW_PACKAGING, "D10", {{HW_BURNT, 0.25}}},
    {HAZARDOUS_TREATMENT, HW_LAB, "D10", {{HW_BURNT, 0.23}}},
    {HAZARDOUS_TREATMENT, HW_BATTERY, "D10", {{HW_BURNT, 0.25}}},
    {HAZARDOUS_TREATMENT, HW_OIL, "D10", {{HW_BURNT, 0.21}}},
    {HAZARDOUS_TREATMENT, HW_PAINT, "D10", {{HW_BURNT, 0.24}}},
    {HAZARDOUS_TREATMENT, HW_INK, "D10", {{HW_BURNT, 0.24}}},
    {MEDICAL_TREATMENT, MEDICAL_WASTE, "D9", {{SW59, 0.82}}},
    {CEMENT_KILN, HW_COPPER, "R15", {{0, 0}}},
    {CEMENT_KILN, SW03, "R15", {{0, 0}}},
    {CEMENT_KILN, SW07, "R15", {{0, 0}}},
    {CEMENT_KILN, SW11, "R15", {{0, 0}}},
    {CEMENT_KILN, SW59, "R15", {{0, 0}}},
    {RECYCLER, SW03, "R5", {{OUT_PRODUCT, 0.92}, {SW59, 0.06}}},
    {RECYCLER, SW11, "R5", {{OUT_PRODUCT, 0.91}, {SW59, 0.06}}},
    {RECYCLER, SW14, "R5", {{OUT_PRODUCT, 0.92}, {SW59, 0.06}}},
    {RECYCLER, SW15, "R5", {{OUT_PRODUCT, 0.92}, {SW59, 0.06}}},
    {RECYCLER, SW17, "R5", {{OUT_PRODUCT, 0.93}, {SW59, 0.06}}},
    {RECYCLER, SW62, "R4", {{OUT_PRODUCT, 0.80}, {SW59, 0.18}}},
    {RECYCLER, SW73, "R5", {{OUT_PRODUCT, 0.90}, {SW59, 0.08}}},
    {FOOD_WASTE_PLANT, SW61, "R3", {{OUT_PRODUCT, 0.28}, {SW59, 0.08}, {OUT_WATER, 0.60}}},
    {FOOD_WASTE_PLANT, SW13, "R3", {{OUT_PRODUCT, 0.30}, {SW59, 0.08}, {OUT_WATER, 0.58}}},
    {SPOIL_GROUND, SW70, "D1", {{0, 0}}},
    {TRANSFER_STATION, SW64, "S1", {{SW64, 0.97}, {OUT_LEACHATE, 0.03}}},
};
const size_t recipe_count = sizeof recipes / sizeof *recipes;

enum stream code_stream(enum code code)
{
    if (code <= SW59)
        return INDUSTRIAL;
    if (code <= HW_BURNT)
        return HAZARDOUS;
    if (code <= SW73)
        return CONSTRUCTION;
    return code == MEDICAL_WASTE ? MEDICAL : HOUSEHOLD;
}

bool kind_is_plant(enum site_kind kind)
{
    return kind >= TRANSFER_STATION && kind <= FOOD_WASTE_PLANT;
}

static const char *const town[] = {"稽山", "皋埠", "富盛", "北海", "城南", "灵芝", "东湖", "斗门",
                                   "马山", "孙端", "陶堰", "鉴湖", "府山", "塔山", "蕺山", "迪荡"};
static const char *const luck[] = {"嘉", "永", "隆", "诚", "祥", "达", "盛", "宏", "银", "华",
                                   "民", "创", "方", "东", "鉴", "大", "佳", "美", "绣", "丰",
                                   "恒", "瑞", "泰", "兴", "安", "和", "信", "源", "德", "明"};
static const char *const craft[] = {"印染", "化纤", "涂装", "机械", "电镀", "医药",
                                    "电子", "食品", "建材", "包装", "轴承", "纸业"};

enum {
    TOWNS = sizeof town / sizeof *town,
    LUCKS = sizeof luck / sizeof *luck,
    CRAFTS = sizeof craft / sizeof *craft
};

/* Town, two lucky characters and what the house is; NULL in `what` stands for a craft. */
typedef struct name_form {
    bool city_first; /* 绍兴 stands before, else the town */
    const char *what;
} name_form;

static const name_form site_form[KIND_COUNT] = {
    {true, NULL},
    {false, "汽修厂"},
    {false, "医院"},
    {false, "诊所"},
    {false, "新建工地"},
    {false, "拆除工地"},
    {false, "社区"},
    {false, "农贸市场"},
    {false, "垃圾中转站"},
    {false, "小微危废收集中心"},
    {true, "环保能源有限公司"},
    {false, "填埋场"},
    {true, "环境科技有限公司"},
    {true, "医废处置有限公司"},
    {true, "水泥有限公司"},
    {true, "再生资源有限公司"},
    {false, "渣土消纳场"},
    {true, "餐厨处理有限公司"},
    {false, "车场"},
};

static void name_join(random_state *r, name_form form, char *out, size_t size)
{
    const char *first = luck[random_below(r, LUCKS)];
    const char *second = luck[random_below(r, LUCKS)];
    const char *where = form.city_first ? "绍兴" : town[random_below(r, TOWNS)];
    if (form.what != NULL)
        snprintf(out, size, "%s%s%s%s", where, first, second, form.what);
    else
        snprintf(out, size, "%s%s%s%s有限公司", where, first, second,
                 craft[random_below(r, CRAFTS)]);
}

void name_site(random_state *r, enum site_kind kind, char *out, size_t size)
{
    name_join(r, site_form[kind], out, size);
}

void name_carrier(random_state *r, enum stream stream, char *out, size_t size)
{
    static const char *const what[STREAM_COUNT] = {"物流有限公司", "危险品运输有限公司",
                                                   "土石方运输有限公司", "医废运输有限公司",
                                                   "环卫有限公司"};
    name_join(r, (name_form){true, what[stream]}, out, size);
}

void name_legal_id(random_state *r, const char *district, char out[19])
{
    static const char letters[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    snprintf(out, 19, "91%.6sMA", district);
    for (int i = 10; i < 17; i++)
        out[i] = letters[random_below(r, 31)];
    unsigned sum = 0, weight = 1;
    for (int i = 0; i < 17; i++) {
        sum += (unsigned)(strchr(letters, out[i]) - letters) * weight;
        weight = weight * 3 % 31;
    }
    out[17] = letters[(31 - sum % 31) % 31];
    out[18] = '\0';
}
