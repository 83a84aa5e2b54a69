/*
 * wufei list: rows of manifests, of the registry, or of findings, narrowed by filters.
 */
#include <string.h>

#include "command.h"

enum {
    LIST_STREAM,
    LIST_STATE,
    LIST_SITE,
    LIST_PARTY,
    LIST_VEHICLE,
    LIST_DISTRICT,
    LIST_CODE,
    LIST_KIND,
    LIST_RULE,
    LIST_LIMIT
};

static const option_spec options[] = {
    {"stream", 0, "STREAM", N_("industrial, hazardous, construction, medical, household")},
    {"state", 0, "STATE", N_("of a manifest: filed, picked_up ... cancelled")},
    {"site", 0, "ID", N_("from, to or of this site")},
    {"party", 0, "ID", N_("of this party")},
    {"vehicle", 0, "ID", N_("on this vehicle")},
    {"district", 0, "CODE", N_("in this district")},
    {"code", 0, "CODE", N_("this waste code, or a prefix ending in *")},
    {"kind", 0, "KIND", N_("kind of site, vehicle or permit, role of a party")},
    {"rule", 0, "ID", N_("findings of this rule")},
    {"limit", 0, "N", N_("at most this many rows")},
};

/* What a terminal shows of each list without -v. */
static const char *list_brief(const char *what)
{
    if (strcmp(what, "manifests") == 0)
        return "manifest_id|stream|waste_code|state|generator_site|facility_site|filed_at|"
               "picked_up_kg|received_kg|unaccounted_kg";
    if (strcmp(what, "findings") == 0)
        return "finding_id|rule|class|severity|kg|sentence";
    return NULL;
}

static wf_status list_run(arguments *args)
{
    const char *const *value = args->value;
    wf_filter filter = {.stream = value[LIST_STREAM],
                        .state = value[LIST_STATE],
                        .site = value[LIST_SITE],
                        .party = value[LIST_PARTY],
                        .vehicle = value[LIST_VEHICLE],
                        .district = value[LIST_DISTRICT],
                        .code = value[LIST_CODE],
                        .kind = value[LIST_KIND],
                        .rule = value[LIST_RULE]};
    wf_ledger *ledger = NULL;
    output *out = NULL;
    wf_status status = options_number(args, "limit", value[LIST_LIMIT], &filter.limit);
    if (status == WF_OK)
        status = command_open(args, &ledger, true);
    if (status == WF_OK)
        status = options_window(args, ledger, &filter);
    if (status == WF_OK)
        status = command_output(args, &out, ledger, false, list_brief(args->rest[0]));
    if (status == WF_OK) {
        wf_sink sink = output_sink(out);
        status = wf_list(ledger, args->rest[0], &filter, &sink, &args->error);
    }
    return command_close(args, out, ledger, status);
}

const command command_list = {
    .name = "list",
    .summary = N_("list manifests, sites, parties, vehicles, permits, scales or findings"),
    .synopsis = "manifests|sites|parties|vehicles|permits|scales|findings [FILTER...]",
    .example = "  wufei list manifests --stream hazardous --state picked_up --from 2026-03-01\n"
               "  wufei list sites --kind landfill\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .rest_min = 1,
    .rest_max = 1,
    .window = true,
    .past = true,
    .run = list_run,
};
