/*
 * exchange/emanifest_dates.c: what the dates of a document's signatures say against each other.
 */
#include "base/text.h"
#include "base/time.h"
#include "exchange/emanifest.h"

/* One signature in the order of the hands; what is odd about its time is told, as an act cannot lie
   before its filing, and no hand takes what the one before had not given. */
static void signature_time(document *d, const signature *s, const char *path, bool act,
                           const signature **before, const char **before_path)
{
    char own[TIME_TEXT];
    char other[TIME_TEXT];
    if (s->signer == NULL || s->at_ms == TIME_NONE)
        return;
    if (act && s->at_ms < d->filed_ms)
        emanifest_tell(d, path, true,
                       _("signed at %1$s, before the manifest was filed: the act is entered at the "
                         "time of the filing, %2$s"),
                       time_format(own, s->at_ms, 0), time_format(other, d->filed_ms, 0));
    if (*before != NULL && s->at_ms < (*before)->at_ms)
        emanifest_tell(d, path, true,
                       _("signed at %1$s, before %2$s was signed at %3$s, though it comes behind"),
                       time_format(own, s->at_ms, 0), *before_path,
                       time_format(other, (*before)->at_ms, 0));
    *before = s;
    *before_path = path;
}

void emanifest_signature_times(document *d)
{
    const signature *before = NULL;
    const char *path = "";
    signature_time(d, &d->by_generator, "Emanifest.generator", false, &before, &path);
    for (size_t i = 0; i < d->transporter_count; i++)
        signature_time(d, &d->by_transporter[i],
                       emanifest_printf(d, "Emanifest.transporters.%zu", i), true, &before, &path);
    signature_time(d, &d->by_facility, "Emanifest.designatedFacility", true, &before, &path);
}
