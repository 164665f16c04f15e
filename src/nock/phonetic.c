/* Hoon's @p: numbers as pronounceable names, ~zod, ~sampel-palnet.
 *
 * A number of 16 bits or less is a syllable for each byte.  One of up to 32 bits
 * goes first through a cipher of four Feistel rounds over murmur3, so that near
 * numbers have names that are not alike; then it is two names of 16 bits. */
#include "nock/mook.h"

#include <string.h>

#define SYLLABLE_BYTES 3

/* Of the high byte and of the low byte. */
static const char high_syllables[] =
    "dozmarbinwansamlitsighidfidlissogdirwacsabwissibrigsoldopmodfoglidhopdardorlorhodfolrintogsilmir"
    "holpaslacrovlivdalsatlibtabhanticpidtorbolfosdotlosdilforpilramtirwintadbicdifrocwidbisdasmidlop"
    "rilnardapmolsanlocnovsitnidtipsicropwitnatpanminritpodmottamtolsavposnapnopsomfinfonbanmorworsip"
    "ronnorbotwicsocwatdolmagpicdavbidbaltimtasmalligsivtagpadsaldivdactansidfabtarmonranniswolmispal"
    "lasdismaprabtobrollatlonnodnavfignomnibpagsopralbilhaddocridmocpacravripfaltodtiltinhapmicfanpat"
    "taclabmogsimsonpinlomrictapfirhasbosbatpochactidhavsaplindibhosdabbitbarracparloddosbortochilmac"
    "tomdigfilfasmithobharmighinradmashalraglagfadtopmophabnilnosmilfopfamdatnoldinhatnacrisfotribhoc"
    "nimlarfitwalrapsarnalmoslandondanladdovrivbacpollaptalpitnambonrostonfodponsovnocsorlavmatmipfip";
static const char low_syllables[] =
    "zodnecbudwessevpersutletfulpensytdurwepserwylsunrypsyxdyrnuphebpeglupdepdysputlughecryttyvsydnex"
    "lunmeplutseppesdelsulpedtemledtulmetwenbynhexfebpyldulhetmevruttylwydtepbesdexsefwycburderneppur"
    "rysrebdennutsubpetrulsynregtydsupsemwynrecmegnetsecmulnymtevwebsummutnyxrextebfushepbenmuswyxsym"
    "selrucdecwexsyrwetdylmynmesdetbetbeltuxtugmyrpelsyptermebsetdutdegtexsurfeltudnuxruxrenwytnubmed"
    "lytdusnebrumtynseglyxpunresredfunrevrefmectedrusbexlebduxrynnumpyxrygryxfeptyrtustyclegnemfermer"
    "tenlusnussyltecmexpubrymtucfyllepdebbermughuttunbylsudpemdevlurdefbusbeprunmelpexdytbyttyplevmyl"
    "wedducfurfexnulluclennerlexrupnedlecrydlydfenwelnydhusrelrudneshesfetdesretdunlernyrsebhulryllud"
    "remlysfynwerrycsugnysnyllyndyndemluxfedsedbecmunlyrtesmudnytbyrsenwegfyrmurtelreptegpecnelnevfes";

static_assert(sizeof high_syllables == 256 * SYLLABLE_BYTES + 1, "a syllable a byte");
static_assert(sizeof low_syllables == 256 * SYLLABLE_BYTES + 1, "a syllable a byte");

static uint32_t rotate_left(uint32_t word, unsigned count)
{
    return word << count | word >> (32 - count);
}

/* murmur3_x86_32 of two bytes. */
static uint32_t murmur3_of_two(uint32_t seed, uint32_t bytes)
{
    uint32_t hash = seed ^ (rotate_left(bytes * 0xcc9e2d51u, 15) * 0x1b873593u) ^ 2;
    hash = (hash ^ hash >> 16) * 0x85ebca6bu;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
    return hash ^ hash >> 16;
}

/* Of a number from 0x10000 on. */
static uint32_t conceal(uint32_t number)
{
    static const uint32_t seeds[] = {0xb76d5eed, 0xee281300, 0x85bcae01, 0x4b387af7};
    const uint32_t moduli[] = {0xffff, 0x10000};
    uint64_t left = (number - 0x10000) % 0xffff, right = (number - 0x10000) / 0xffff;
    for (unsigned round = 0; round < COUNT_OF(seeds); round++) {
        uint64_t mixed = (murmur3_of_two(seeds[round], (uint32_t)right) + left) % moduli[round % 2];
        left = right;
        right = mixed;
    }
    if (right == 0xffff) /* else two numbers would share a name */
        return (uint32_t)(0x10000 + 0xffff * right + left);
    return (uint32_t)(0x10000 + 0xffff * left + right);
}

static char *put_syllable(char *at, const char *syllables, unsigned byte)
{
    memcpy(at, syllables + (size_t)byte * SYLLABLE_BYTES, SYLLABLE_BYTES);
    return at + SYLLABLE_BYTES;
}

void phonetic_name(uint32_t number, char name[PHONETIC_NAME_BYTES])
{
    uint32_t shown = number < 0x10000 ? number : conceal(number);
    char *at = name;
    *at++ = '~';
    for (unsigned half = shown < 0x10000 ? 1 : 2; half-- > 0;) {
        unsigned bits = shown >> (16 * half) & 0xffff;
        if (shown >= 0x100)
            at = put_syllable(at, high_syllables, bits >> 8);
        at = put_syllable(at, low_syllables, bits & 0xff);
        if (half > 0)
            *at++ = '-';
    }
    *at = 0;
}
