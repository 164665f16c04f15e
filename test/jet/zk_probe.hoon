::  What test/jet/zk_corpus.c slams: gates of the zkvm libraries by name.
::
::  Beside a copy of the libraries (hoon/common/{zeke,zoon,h-zoon}.hoon and
::  hoon/common/ztd), compile it with
::
::    loam hoonc --arbitrary --output probe.jam hoon/zk_probe.hoon hoon
::
::  and give probe.jam to the test in LOAM_ZKVM_PROBE.
::
/=  z  /common/zeke
/=  zoon  /common/zoon
/=  h-zoon  /common/h-zoon
=/  tip5  tip5:z
=/  absorbed
  %.  ~[1 2 3]
  absorb:(new:sponge:tip5)
=/  affine  affine:curve:cheetah:z
^-  (list [@tas *])
:~  [%based based:z]
    [%based-noun based-noun:z]
    [%badd badd:z]
    [%bsub bsub:z]
    [%bneg bneg:z]
    [%bmul bmul:z]
    [%binv binv:z]
    [%bdiv bdiv:z]
    [%bpow bpow:z]
    [%mont-reduction mont-reduction:z]
    [%montiply montiply:z]
    [%montify montify:z]
    [%ordered-root ordered-root:z]
    [%fadd fadd:z]
    [%fsub fsub:z]
    [%fneg fneg:z]
    [%fmul fmul:z]
    [%finv finv:z]
    [%fdiv fdiv:z]
    [%fpow fpow:z]
    [%ch-scal ch-scal:affine]
    [%ser-a-pt ser-a-pt:cheetah:z]
    [%de-a-pt de-a-pt:cheetah:z]
    [%permutation permutation:tip5]
    [%hash-10 hash-10:tip5]
    [%hash-varlen hash-varlen:tip5]
    [%hash-belts-list hash-belts-list:tip5]
    [%hash-pairs hash-pairs:tip5]
    [%absorb absorb:absorbed]
    [%squeeze squeeze:absorbed]
    [%hash-ten-cell hash-ten-cell:tip5]
    [%hash-noun-varlen hash-noun-varlen:tip5]
    [%digest-to-atom digest-to-atom:tip5]
    [%snag-as-digest snag-as-digest:tip5]
    [%num-of-leaves num-of-leaves:shape:z]
    [%leaf-sequence leaf-sequence:shape:z]
    [%dyck dyck:shape:z]
    [%hash-hashable hash-hashable:tip5]
    [%build-merk-heap do-build-merk-heap:merkle:z]
    [%bp-build-merk-heap bp-build-merk-heap:merkle:z]
    [%dor-tip dor-tip:zoon]
    [%gor-tip gor-tip:zoon]
    [%mor-tip mor-tip:zoon]
    [%gor-hip gor-hip:h-zoon]
    [%mor-hip mor-hip:h-zoon]
    ['z-in/has' has:z-in:zoon]
    ['z-in/put' put:z-in:zoon]
    ['z-in/gas' gas:z-in:zoon]
    ['z-in/del' del:z-in:zoon]
    ['z-by/has' has:z-by:zoon]
    ['z-by/put' put:z-by:zoon]
    ['z-by/gas' gas:z-by:zoon]
    ['z-by/del' del:z-by:zoon]
    ['z-by/get' get:z-by:zoon]
    ['z-by/got' got:z-by:zoon]
    ['z-by/gut' gut:z-by:zoon]
    ['h-in/has' has:h-in:h-zoon]
    ['h-in/put' put:h-in:h-zoon]
    ['h-in/gas' gas:h-in:h-zoon]
    ['h-in/del' del:h-in:h-zoon]
    ['h-by/has' has:h-by:h-zoon]
    ['h-by/put' put:h-by:h-zoon]
    ['h-by/gas' gas:h-by:h-zoon]
    ['h-by/del' del:h-by:h-zoon]
    ['h-by/get' get:h-by:h-zoon]
    ['h-by/got' got:h-by:h-zoon]
    ['h-by/gut' gut:h-by:h-zoon]
==
