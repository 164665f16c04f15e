"""A machine whose events take as much as they are told to: of the arena, of memory, of the stack, of time."""
from cli import *

KERNEL_GREEDY = """
kernel greedy(kept = 0) {
    arm load(old) = greedy with kept = old
    arm peek(path) = [~ ~ kept]
    arm poke(number, wire, entropy, our, now, cause) =
        if wire == [0 'arvo' 0] then [~ greedy]
        else match cause {
            [%list most] ->
                let list = loop fill(list = ~, done = 0)
                    if done == most then list else fill([[done done] list], inc(done))
                [[[%kept most] ~] (greedy with kept = list)]
            [%hoard most] ->
                let list = loop fill(list = ~, done = 0)
                    if done == most then list else fill([[done done] list], inc(done))
                let length = loop walk(rest = list, n = 0)
                    match rest { ~ -> n  [_ more] -> walk(more, inc(n)) }
                [[[%length length] ~] greedy]
            [%deep most] ->
                let depth = loop down(n = 0)
                    if n == most then 0 else inc(down(inc(n)))
                [[[%depth depth] ~] greedy]
            %spin -> loop turn(n = 0) turn(inc(n))
            %small -> [[[%small ~] ~] greedy]
        }
}
"""


def greedy_machine(name):
    return machine(name, assembled("greedy", KERNEL_GREEDY))
