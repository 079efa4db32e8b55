"""The byte-bounded cache."""

from __future__ import annotations

from model_endpoint.feature_cache import ByteBoundedCache


def test_the_least_recently_used_value_goes_first() -> None:
    cache: ByteBoundedCache[str] = ByteBoundedCache(30)
    for name in "abc":
        cache.put(name, name, 10)
    assert cache.get("a") == "a"
    cache.put("d", "d", 10)
    assert cache.get("b") is None
    assert [cache.get(name) for name in "acd"] == ["a", "c", "d"]
    assert cache.bytes == 30


def test_a_value_larger_than_the_limit_is_not_kept() -> None:
    cache: ByteBoundedCache[str] = ByteBoundedCache(10)
    cache.put("small", "x", 5)
    cache.put("large", "y", 11)
    assert cache.get("large") is None
    assert cache.get("small") == "x"


def test_replacing_a_value_counts_its_bytes_once() -> None:
    cache: ByteBoundedCache[str] = ByteBoundedCache(100)
    cache.put("a", "x", 60)
    cache.put("a", "y", 70)
    assert (cache.bytes, len(cache), cache.get("a")) == (70, 1, "y")
