/*
 * The check behind a row: every single flipped bit of table, key and value changes it. (A first
 * form of it folded the upper half of its state onto itself, and four bytes of eight went unseen.)
 */
#include "ledger_test.h"
#include "store_check.h"

enum { ROW_MAX = 40 };

static bool holds(uint64_t seed, const uint8_t *key, size_t key_size, const uint8_t *row,
                  size_t size)
{
    span value = span_of(row, size);
    return store_check_take(&value, seed, span_of(key, key_size));
}

static void every_flipped_bit_is_seen(void **state)
{
    (void)state;
    uint8_t key[] = "key-of-11-b";
    uint8_t row[ROW_MAX + STORE_CHECK_SIZE];
    uint64_t seed = store_check_seed("manifests");
    for (size_t size = 0; size <= ROW_MAX; size++) {
        for (size_t i = 0; i < size; i++)
            row[i] = (uint8_t)(i * 37 + size);
        store_check_put(row + size, seed, span_of(key, sizeof key), span_of(row, size));
        assert_true(holds(seed, key, sizeof key, row, size + STORE_CHECK_SIZE));
        for (size_t bit = 0; bit < (size + STORE_CHECK_SIZE) * 8; bit++) {
            row[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(holds(seed, key, sizeof key, row, size + STORE_CHECK_SIZE));
            row[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t bit = 0; bit < sizeof key * 8; bit++) {
            key[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(holds(seed, key, sizeof key, row, size + STORE_CHECK_SIZE));
            key[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_false(
            holds(store_check_seed("strings"), key, sizeof key, row, size + STORE_CHECK_SIZE));
        assert_false(holds(seed, key, sizeof key - 1, row, size + STORE_CHECK_SIZE));
    }
    assert_false(holds(seed, key, sizeof key, row, STORE_CHECK_SIZE - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_flipped_bit_is_seen)};
    return cmocka_run_group_tests_name("ledger/store_check", tests, NULL, NULL);
}
