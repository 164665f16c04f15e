/* Private to test/jet: which jets of the standard library programs.c compares
 * with their Nock, by running programs of the library without them.  All others
 * are compared in corpus.c, sample by sample; each file sees that its part is
 * whole, so that there is no jet without a comparison.
 */
#ifndef TEST_JET_COMPARED_H
#define TEST_JET_COMPARED_H

#define QUA "k.138/one/two/tri/qua/"
#define UT QUA "pen/ut/"

static const char *const compared_by_programs[] = {
    QUA "mink",
    QUA "mole",
    QUA "mule",
    QUA "easy/fun",
    QUA "just/fun",
    QUA "mask/fun",
    QUA "shim/fun",
    QUA "stew/fun",
    QUA "stir/fun",
    UT "crop",
    UT "fish",
    UT "fuse",
    UT "mint",
    UT "mull",
    UT "redo",
    UT "rest",
    UT "nest/nest-in/nest-dext",
};

#endif
