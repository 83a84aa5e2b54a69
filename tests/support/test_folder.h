/*
 * What tests on the disk share: a folder of their own, and a status that must be WF_OK. Included
 * behind cmocka.h.
 */
#ifndef TEST_FOLDER_H
#define TEST_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/status.h"

static char test_folder[64];

/* place: "/tmp", or "/dev/shm" for tests that sync a great deal. */
static inline int test_folder_make(const char *place, const char *name)
{
    snprintf(test_folder, sizeof test_folder, "%s/wufei-%s-XXXXXX", place, name);
    return mkdtemp(test_folder) == NULL ? -1 : 0;
}

static inline int folder_teardown(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", test_folder);
    return system(command);
}

static inline void assert_ok(wf_status status, const wf_error *err)
{
    if (status != WF_OK)
        print_error("%s\n", err->text);
    assert_int_equal(status, WF_OK);
}

#endif
