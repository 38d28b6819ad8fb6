/*
 * A model of frees by threads that do not own the slab: docs/remote-free.md.
 *
 * One slab with three objects. Two threads free one object each, the second and the third; the owner frees the
 * first, reads its inbox, and ends; a thread that starts later has the same thread heap; another one
 * may adopt the slab; and one takes it, without a live object, from an owner who does not look. Each step is what is one atomic
 * operation in the code, or what is done under the registry's lock.
 *
 * A store can be seen by others later than the thread's own loads that follow it, so an owner may miss that its heap is shut, and not be seen
 * inside yet. A pause is as long as it takes until all stores that came before it can be seen.
 *
 * Checked: nothing is pushed onto a slab that went back to the core; it goes back once, and only without a live
 * object; it is in one inbox at most, once; no process waits for ever; and at the end, when all objects are
 * free, somebody has given the slab back, or will come across it.
 *
 * Each MUTANT_... leaves out, or puts elsewhere, one step; the checker must find what breaks then.
 */

#define NONE   0 /* owners: no slab any more */
#define HEAP   1 /* the first owner's thread heap */
#define OTHER  2 /* the adopter's */
#define ORPHAN 3

#define EMPTY  0 /* inboxes */
#define SLAB   1
#define CLOSED 2

#define ALL 7

byte owner = HEAP;
byte used = 3;     /* as the slab counts: live objects, and those on the remote list */
byte free_set = 0; /* the owner's list */
byte remote_set = 0;
bool posted = false;
bool in_orphans = false;
bool lock = false; /* the registry's */
byte inbox[3];     /* of HEAP and OTHER; the first is not used */
bool heap_is_taken = true;
bool shut = false;    /* HEAP is: is_shut */
bool inside = false;  /* its owner is, as others see it */
bool begins = false;  /* the owner has stored that it is, which others do not see yet */
bool is_off = false;  /* the owner ends: it has left its heap */
bool is_current = false; /* the slab serves the owner of HEAP */
byte done = 0;

#define count(set) ((set & 1) + ((set >> 1) & 1) + ((set >> 2) & 1))

inline enter() { atomic { !lock -> lock = true } }
inline leave() { lock = false }

/* The owner of HEAP is seen inside. */
inline appear() { d_step { inside = true; begins = false } }

/* theap_begin(): `was_shut` is the caller's. */
inline await(was_shut)
{
    if
#ifdef MUTANT_DOES_NOT_WAIT
    :: true -> skip
#else
    :: was_shut -> !shut
    :: else
#endif
    fi
}

/* front_enter() and theap_begin(). */
inline begin(was_shut)
{
    begins = true;
    if
    :: appear(); was_shut = shut
    :: was_shut = shut; appear()
    fi;
    await(was_shut)
}

/* Nobody else looks at the slab: its memory is the core's. */
inline give_back()
{
    assert(owner != NONE);
    assert(count(free_set) == 3 && remote_set == 0 && used == 0);
    assert(inbox[HEAP] != SLAB && inbox[OTHER] != SLAB);
    owner = NONE
}

/* remote_collect(): one exchange of the word, then the owner's own fields. */
inline collect()
{
    d_step {
        free_set = free_set | remote_set;
        used = used - count(remote_set);
        remote_set = 0
    }
}

/* remote_post(): `seen` is the caller's variable. */
inline post(seen)
{
    do
    :: seen = owner;
        assert(seen != NONE);
        if
        :: seen == ORPHAN ->
            enter();
            if
            :: owner == ORPHAN ->
                d_step {
                    posted = false;
                    if
                    :: count(remote_set) == used ->
                        in_orphans = false;
                        free_set = free_set | remote_set; remote_set = 0; used = 0;
                        give_back()
                    :: else
                    fi
                };
                leave();
                break
            :: else -> leave()
            fi
        :: else ->
            atomic {
                if
#ifdef MUTANT_PUSHES_INTO_CLOSED_INBOX
                :: true ->
#else
                :: inbox[seen] != CLOSED ->
#endif
                    assert(inbox[seen] != SLAB);
                    inbox[seen] = SLAB;
                    seen = NONE
                :: else
                fi
            };
            if
            :: seen == NONE -> break
            :: else
            fi
        fi
    od;
    seen = NONE
}

/* remote_push() of one object. */
inline push(object, seen)
{
    d_step {
        assert(owner != NONE);
        assert(((free_set | remote_set) & object) == 0);
        remote_set = remote_set | object;
        seen = (posted -> NONE : HEAP);
        posted = true
    };
    if
#ifdef MUTANT_NEVER_POSTS
    :: true -> skip
#else
    :: seen != NONE -> post(seen)
    :: else
#endif
    fi;
    seen = NONE
}

/* theap_read_inbox() and what follows from it, for the thread heap `mine`. */
inline read_inbox(mine, seen, had)
{
    d_step {
        had = inbox[mine] == SLAB;
        inbox[mine] = EMPTY
    };
    if
    :: had && owner != mine -> post(seen)
    :: had && owner == mine ->
#ifdef MUTANT_LOOKS_BEFORE_UNPOSTING
        seen = used - count(remote_set);
        posted = false;
#else
        posted = false;
        seen = used - count(remote_set);
#endif
        if
        :: seen == 0 -> collect(); reconsider()
        :: else
        fi;
        seen = NONE
    :: else
    fi
}

/* The owner, of an empty slab: unless it is in the inbox again it goes back. */
inline reconsider()
{
    d_step {
        if
#ifdef MUTANT_GIVES_BACK_WHAT_IS_POSTED
        :: used == 0 && remote_set == 0 -> give_back()
        :: used != 0 || remote_set != 0 -> skip
#else
        :: used == 0 && remote_set == 0 && !posted && !is_current -> give_back()
        :: else
#endif
        fi
    }
}

/* theap_refill(): the owner finds the slab in its lists, to serve from now on. */
inline serve()
{
    if
    :: owner == HEAP ->
        is_current = true;
        collect();
        assert(owner == HEAP)
    :: else
    fi
}

inline push_locally(object)
{
    d_step {
        assert(((free_set | remote_set) & object) == 0);
        free_set = free_set | object;
        used--
    }
}

/* A free by the owner. Only where there is more to do it looks whether its heap is shut. */
inline free_locally(object, was_shut)
{
    begins = true;
    if
    :: appear(); push_locally(object); was_shut = shut
    :: was_shut = shut; d_step { appear(); push_locally(object) }
    fi;
    if
    :: used == count(remote_set) -> await(was_shut); collect(); reconsider()
    :: else
    fi;
    inside = false
}

/* registry_leave(). */
inline end_of(mine, seen, had)
{
    enter();
    if
    :: owner == mine ->
#ifndef MUTANT_CLOSES_FIRST
        owner = ORPHAN;
#endif
        is_current = false;
        collect();
        d_step {
            if
            :: used == 0 && remote_set == 0 && !posted -> give_back()
            :: else -> in_orphans = true
            fi
        }
    :: else
    fi;
    leave();
    d_step {
        had = inbox[mine] == SLAB;
        inbox[mine] = CLOSED
    };
#ifdef MUTANT_CLOSES_FIRST
    if
    :: owner == mine -> owner = ORPHAN
    :: else
    fi;
#endif
    if
#ifdef MUTANT_FORGETS_ITS_INBOX
    :: true -> skip
#else
    :: had -> post(seen)
    :: else
#endif
    fi;
    enter();
    d_step { heap_is_taken = false; is_off = false };
    leave()
}

inline pause()
{
#ifdef MUTANT_TAKES_WITHOUT_PAUSE
    skip
#else
    !begins
#endif
}

/* remote_post() by who has the registry's lock. */
inline post_locked()
{
    d_step {
        if
        :: owner == ORPHAN ->
            posted = false;
            if
            :: count(remote_set) == used ->
                in_orphans = false;
                free_set = free_set | remote_set; remote_set = 0; used = 0;
                give_back()
            :: else
            fi
        :: else ->
            assert(inbox[owner] == EMPTY);
            inbox[owner] = SLAB
        fi
    }
}

#define is_outside    (!inside && !is_off)
#define is_left_alone (owner == HEAP && !is_current && used == count(remote_set))

proctype freer(byte object)
{
    byte seen = NONE;
    push(object, seen);
    done++
}

proctype first_owner()
{
    byte seen = NONE;
    bool had;
    begin(had);
    read_inbox(HEAP, seen, had);
    inside = false;
    assert(owner == HEAP);
    free_locally(1, had);
    begin(had);
    read_inbox(HEAP, seen, had);
    if
    :: serve()
    :: skip
    fi;
    d_step { inside = false; is_off = true };
    had = shut;
    await(had);
    end_of(HEAP, seen, had);
    done++
}

/* A thread that gets the heap of the one that ended. */
proctype successor()
{
    byte seen = NONE;
    bool had;
    !heap_is_taken;
    enter();
    d_step { heap_is_taken = true; inbox[HEAP] = EMPTY };
    leave();
    begin(had);
    read_inbox(HEAP, seen, had);
    inside = false;
    done++
}

/* look_locked(), for the one heap. */
proctype taker()
{
    bool is_apart = false;
    enter();
    if
    :: heap_is_taken && inbox[HEAP] == SLAB ->
        shut = true;
        pause();
        if
        :: is_outside ->
            /* The inbox is exchanged; what is not to be taken goes back. */
            if
            :: atomic { inbox[HEAP] == SLAB -> inbox[HEAP] = EMPTY };
                if
                :: is_left_alone -> is_apart = true
                :: else -> post_locked()
                fi
            :: else
            fi
        :: else
        fi;
        if
        :: is_apart ->
            pause();
            if
#ifdef MUTANT_TAKES_AT_ONCE
            :: true ->
#else
            :: is_outside && is_left_alone ->
#endif
                d_step {
                    free_set = free_set | remote_set; remote_set = 0; used = 0;
                    posted = false;
                    give_back()
                }
#ifndef MUTANT_TAKES_AT_ONCE
            :: else -> post_locked()
#endif
            fi
        :: else
        fi;
        shut = false
    :: else
    fi;
    leave();
    done++
}

proctype adopter()
{
    byte seen = NONE;
    bool had;
    enter();
    if
    :: in_orphans ->
        in_orphans = false;
        owner = OTHER;
        collect();
        leave();
        read_inbox(OTHER, seen, had)
    :: else -> leave()
    fi;
    done++
}

init
{
    atomic {
        run first_owner();
        run freer(2);
        run freer(4);
        run successor();
        run adopter();
        run taker()
    };
    done == 6;
    assert(owner == NONE || (free_set | remote_set) == ALL);
    /* Nothing is forgotten: it went back; or is in the inbox of a heap that has a thread (not its owner's, maybe:
     * that thread posts it on); or is whole in its owner's hands, which give it out next. */
    assert(owner == NONE || (inbox[HEAP] == SLAB && heap_is_taken) || inbox[OTHER] == SLAB ||
           ((owner == HEAP || owner == OTHER) && free_set == ALL) ||
           (owner == ORPHAN && in_orphans && free_set == ALL))
}
