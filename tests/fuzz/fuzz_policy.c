/*
 * Policy files (proof/policy.h): a refusal names its line; more cosignatures never take a quorum
 * away; what is missing is said exactly while something is.
 */
#include "fuzz.h"

#include "policy.h"

static void check_quorum(const policy *p, const uint8_t *data, size_t size)
{
    bool cosigned[POLICY_WITNESSES_MAX] = {false};
    char missing[4096];
    bool before = false;
    /* in an order that the input gives */
    for (size_t i = 0; i <= p->witness_count; i++) {
        bool now = policy_satisfied(p, cosigned);
        FUZZ_REQUIRE(now || !before, "a cosignature more took the quorum away");
        before = now;
        policy_missing(missing, sizeof missing, p, cosigned);
        FUZZ_REQUIRE(now == (missing[0] == '\0'), "reached: %d, missing: %s", now, missing);
        char little[7];
        policy_missing(little, sizeof little, p, cosigned);
        FUZZ_REQUIRE(strlen(little) < sizeof little, "it is not cut to its room");
        for (size_t step = 0, w = size > 0 ? data[i % size] : 0; step < p->witness_count;
             step++, w++) {
            if (!cosigned[w % p->witness_count]) {
                cosigned[w % p->witness_count] = true;
                break;
            }
        }
    }
    FUZZ_REQUIRE(before, "all witnesses together do not reach the quorum");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static policy p;
    const char *reason = policy_parse(&p, (const char *)data, size);
    if (reason == NULL)
        check_quorum(&p, data, size);
    else
        FUZZ_REQUIRE(strstr(reason, "line") != NULL || size > POLICY_FILE_MAX, "%s", reason);
    return 0;
}
