/*
 * wufei audit: findings in the order of priority, or all about one of them.
 */
#include <string.h>

#include "command.h"

enum {
    AUDIT_RULE,
    AUDIT_STREAM,
    AUDIT_CLASS,
    AUDIT_SITE,
    AUDIT_PARTY,
    AUDIT_VEHICLE,
    AUDIT_ABOUT,
    AUDIT_LIMIT,
    AUDIT_FAIL_ON,
    AUDIT_EXPLAIN,
    AUDIT_RULES
};

static const option_spec options[] = {
    {"rule", 0, "ID", N_("only this rule")},
    {"stream", 0, "STREAM", N_("only this stream")},
    {"class", 0, "fact|suspicion", N_("only facts, or only suspicions")},
    {"site", 0, "ID", N_("only what names this site")},
    {"party", 0, "ID", N_("only what names this party")},
    {"vehicle", 0, "ID", N_("only what names this vehicle")},
    {"about", 0, "ID", N_("only what is about this id, or names it")},
    {"limit", 0, "N", N_("only the first N")},
    {"fail-on", 0, "SEVERITY", N_("exit 1 when a finding is at least this severe (1 to 4)")},
    {"explain", 0, "FINDING", N_("every input and number of one finding")},
    {"rules", 0, NULL, N_("the rules, their parameters and sources")},
};

static wf_status audit_fail_on(arguments *args, int *out)
{
    static const char *const words[] = {"information", "check", "inspect", "urgent"};
    const char *text = args->value[AUDIT_FAIL_ON];
    *out = 0;
    if (text == NULL)
        return WF_OK;
    if (strlen(text) == 1 && text[0] >= '1' && text[0] <= '4')
        *out = text[0] - '0';
    for (int i = 0; i < 4; i++)
        if (strcmp(words[i], text) == 0)
            *out = i + 1;
    if (*out != 0)
        return WF_OK;
    return command_fail(args, WF_USAGE,
                        _("--fail-on '%s' is not a severity; allowed: 1 (information), 2 (check), "
                          "3 (inspect), 4 (urgent)"),
                        text);
}

static wf_status audit_check(arguments *args, wf_filter *filter, int *fail_on)
{
    const char *class = args->value[AUDIT_CLASS];
    wf_status status = audit_fail_on(args, fail_on);
    if (status == WF_OK)
        status = options_number(args, "limit", args->value[AUDIT_LIMIT], &filter->limit);
    if (status == WF_OK && class != NULL && strcmp(class, "fact") != 0 &&
        strcmp(class, "suspicion") != 0)
        return command_fail(args, WF_USAGE,
                            _("--class '%s' is not known; allowed: fact, suspicion"), class);
    return status;
}

static wf_status audit_findings(arguments *args, wf_ledger *ledger, const wf_filter *filter,
                                const wf_sink *sink, int fail_on)
{
    wf_audit_summary summary = {0};
    wf_status status = wf_audit(ledger, filter, sink, &summary, &args->error);
    if (status != WF_OK)
        return status;
    command_note(args, _("%llu facts, %llu suspicions"), (unsigned long long)summary.facts,
                 (unsigned long long)summary.suspicions);
    if (fail_on > 0 && summary.highest_severity >= fail_on && args->quiet)
        return WF_REFUSED; /* the exit status says it */
    if (fail_on > 0 && summary.highest_severity >= fail_on)
        return command_fail(args, WF_REFUSED, _("findings of severity %d, --fail-on is %d"),
                            summary.highest_severity, fail_on);
    return WF_OK;
}

static wf_status audit_run_rules(arguments *args)
{
    output *out = NULL;
    /* A table names each rule in the reader's language alone: the catalogue says by which column.
     */
    wf_status status = command_output(args, &out, NULL, true,
                                      _("rule|name_en|streams|source|parameter|value|unit"));
    if (status == WF_OK) {
        wf_sink sink = output_sink(out);
        status = wf_rules(&sink, &args->error);
    }
    return command_close(args, out, NULL, status);
}

static wf_status audit_run(arguments *args)
{
    const char *const *value = args->value;
    wf_filter filter = {.rule = value[AUDIT_RULE],
                        .stream = value[AUDIT_STREAM],
                        .kind = value[AUDIT_CLASS],
                        .site = value[AUDIT_SITE],
                        .party = value[AUDIT_PARTY],
                        .vehicle = value[AUDIT_VEHICLE],
                        .about = value[AUDIT_ABOUT]};
    const char *explain = value[AUDIT_EXPLAIN];
    wf_ledger *ledger = NULL;
    output *out = NULL;
    int fail_on = 0;
    if (value[AUDIT_RULES] != NULL)
        return audit_run_rules(args);
    wf_status status = audit_check(args, &filter, &fail_on);
    if (status == WF_OK)
        status = command_open(args, &ledger, true);
    if (status == WF_OK)
        status = options_window(args, ledger, &filter);
    if (status == WF_OK)
        status =
            command_output(args, &out, ledger, explain != NULL,
                           explain != NULL ? NULL : "finding_id|rule|class|severity|kg|sentence");
    if (status == WF_OK && explain != NULL)
        out->upright = "findings";
    if (status == WF_OK) {
        wf_sink sink = output_sink(out);
        status = explain != NULL ? wf_explain(ledger, explain, &sink, &args->error)
                                 : audit_findings(args, ledger, &filter, &sink, fail_on);
    }
    return command_close(args, out, ledger, status);
}

const command command_audit = {
    .name = "audit",
    .summary = N_("findings in the order of priority: breaches that are proved, and suspicions"),
    .synopsis = "[--rule ID] [--stream S] [--about ID] [--fail-on SEVERITY] [--explain FINDING]",
    .example = "  wufei audit --stream hazardous --limit 20\n  wufei audit --fail-on 3 -q\n"
               "  wufei audit --about S00019\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .window = true,
    .past = true,
    .run = audit_run,
};
