/*
 * sim/random.c: the generator's own random numbers (xoshiro256**, Blackman and Vigna, public
 * domain), so that one seed gives one city on every machine and with every C library.
 */
#include "city.h"

static uint64_t random_rotate(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

void random_seed(random_state *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++) { /* splitmix64, as its authors advise for seeding */
        seed += 0x9e3779b97f4a7c15u;
        uint64_t z = seed;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        r->s[i] = z ^ (z >> 31);
    }
}

uint64_t random_bits(random_state *r)
{
    uint64_t result = random_rotate(r->s[1] * 5, 7) * 9;
    uint64_t t = r->s[1] << 17;
    r->s[2] ^= r->s[0];
    r->s[3] ^= r->s[1];
    r->s[1] ^= r->s[2];
    r->s[0] ^= r->s[3];
    r->s[2] ^= t;
    r->s[3] = random_rotate(r->s[3], 45);
    return result;
}

uint32_t random_below(random_state *r, uint32_t limit)
{
    return limit == 0 ? 0 : (uint32_t)(((random_bits(r) >> 32) * limit) >> 32);
}

int64_t random_between(random_state *r, int64_t low, int64_t high)
{
    return low + (int64_t)random_below(r, (uint32_t)(high - low + 1));
}

double random_unit(random_state *r)
{
    return (double)(random_bits(r) >> 11) * 0x1p-53;
}

double random_range(random_state *r, double low, double high)
{
    return low + (high - low) * random_unit(r);
}

bool random_chance(random_state *r, double probability)
{
    return random_unit(r) < probability;
}

/* The sum of four 16-bit uniforms: close to normal within 3.4 sigma, and no libm call. */
double random_normal(random_state *r)
{
    uint64_t bits = random_bits(r);
    uint64_t sum =
        (bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48);
    return ((double)sum - 131070.0) * (1.7320508075688772 / 65536.0);
}

/* Around 1, skewed to the right: (1 + s n / 3)^3 has about the log-sd s and is never negative for
   s < 0.85. */
double random_skewed(random_state *r, double sd)
{
    double x = 1.0 + sd * random_normal(r) / 3.0;
    return x * x * x;
}
