/*
 * wufei restore: a backup in the place of the ledger, recorded in its log.
 */
#include "receipt.h"

enum { RESTORE_KEY, RESTORE_LAST, RESTORE_VKEY, RESTORE_RECEIPT };

static const option_spec options[] = {
    {"key", 0, "FILE",
     N_("the operator's private key, as the log of the backup knows it (else the backup's, else "
        "the old ledger's: its present or a former one, or its signer)")},
    {"last", 0, "FILE",
     N_("the newest checkpoint or receipt that somebody kept, for the record of what is lost")},
    {"vkey", 0, "VKEY",
     N_("the operator's key that signed --last, when it was changed after the backup")},
    RECEIPT_OPTION,
};

/* The change of the operator's key that is not in the log any more. */
static void restore_say_key(const wf_restored *r)
{
    if (r->lost_key[0] != '\0')
        fprintf(stderr,
                _("key %s signs for the operator again: that key %s followed it was entered after "
                  "the backup, and is lost. Change it anew before anything else: wufei key rotate, "
                  "with --new or --signer for the same successor; or, when the former key is in "
                  "wrong hands, wufei key revoke operator, or the kept order with wufei key "
                  "enter\n"),
                r->key, r->lost_key);
}

/* What follows for others is said also in a pipe: a witness will refuse, and for good reason. */
static void restore_say(const arguments *args, const wf_restored *r)
{
    if (args->quiet)
        return;
    if (!r->lost_known)
        fprintf(stderr, "%s\n",
                _("how much is lost is not known: there is no checkpoint here that was signed "
                  "after the backup was taken, and the log now says so. If anybody kept one, or a "
                  "receipt (NUMBER.tlog-proof; see LEDGER.receipts), run this command again with "
                  "--last FILE before anything is entered"));
    if (r->lost > 0)
        fprintf(stderr,
                _("%llu entries that were signed are lost: whoever holds a later checkpoint or a "
                  "receipt can show it, and the log now says so\n"),
                (unsigned long long)r->lost);
    if (r->unverified)
        fprintf(stderr, "%s\n",
                _("that could not be verified: the newest checkpoint here is signed by a key that "
                  "neither the backup nor the old ledger knows"));
    restore_say_key(r);
    if (!r->lost_known || r->lost > 0)
        fprintf(stderr, "%s\n",
                _("a witness that cosigned a later checkpoint answers 409 from now on: show its "
                  "keeper the recovery entry and ask for a new agreement"));
    fprintf(stderr, "%s\n",
            _("the log was verified whole; whether the backup's book follows from it tells: wufei "
              "rebuild --check"));
}

static wf_status restore_work(arguments *args, const wf_sink *sink, progress *bar, void *ctx)
{
    const wf_restore_options restore = {.key = args->value[RESTORE_KEY],
                                        .last = args->value[RESTORE_LAST],
                                        .vkey = args->value[RESTORE_VKEY],
                                        .progress = progress_report,
                                        .ctx = bar};
    return wf_restore(args->rest[0], args->ledger, &restore, sink, ctx, &args->error);
}

static wf_status restore_run(arguments *args)
{
    wf_restored restored;
    receipt_place place;
    wf_ledger *ledger = NULL;
    wf_status status = receipt_check(args, &place, args->value[RESTORE_RECEIPT], NULL);
    if (status == WF_OK)
        status = command_on_folder(args, false, restore_work, &restored);
    if (status != WF_OK)
        return status;
    restore_say(args, &restored);
    status = command_open(args, &ledger, true);
    if (status == WF_OK)
        status = receipt_write(args, ledger, &place, restored.entry, restored.entry + 1);
    return command_close(args, NULL, ledger, status);
}

const command command_restore = {
    .name = "restore",
    .summary = N_("put a backup in place as the ledger, and record that in its log; a ledger that "
                  "stands there is kept aside"),
    .synopsis = "BACKUP [--key FILE] [--last FILE [--vkey VKEY]] [--receipt FILE]",
    .example =
        N_("  wufei restore /mnt/disk/ledger-2026-11-22 -L ./ledger\n"
           "  wufei restore /mnt/disk/ledger-2026-11-22 --last ledger.receipts/8191.tlog-proof\n"
           "\n"
           "  # behind a signer, which refuses what is older than the last that it signed: at its\n"
           "  # machine, stop it and let it remember in a new file; the old one is kept\n"
           "  wufei key serve --key operator.pem --socket /run/wufei/signer \\\n"
           "      --memory operator.signed-2\n"),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .rest_min = 1,
    .rest_max = 1,
    .run = restore_run,
};
