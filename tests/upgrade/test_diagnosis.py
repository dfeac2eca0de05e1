"""What a service's log says of an upgrade that it does not survive."""

from __future__ import annotations

from conformance.upgrade.diagnosis import read

#: as Nexus 3.71.0-06 wrote it on the data of 3.62.0-01
ORIENT = """\
2026-11-24 02:50:58,271+0000 INFO  [FelixStartLevel] *SYSTEM \
org.sonatype.nexus.datastore.DataStoreConfigurationDefaultSource - Loaded 'nexus' data store configuration \
defaults (Embedded H2)
2026-11-24 02:50:59,118+0000 ERROR [FelixStartLevel] *SYSTEM \
org.sonatype.nexus.datastore.mybatis.MyBatisDataStore - \n
------------------------------------------------------------------------------------------------------------

This instance is using a legacy Orient database. \nYou must migrate to H2 or PostgreSQL before upgrading to \
this version. See our database migration help documentation at: \n\
https://links.sonatype.com/products/nxrm3/docs/unsupported-db.

------------------------------------------------------------------------------------------------------------

2026-11-24 02:50:59,119+0000 INFO  [FelixStartLevel] *SYSTEM \
org.sonatype.nexus.extender.NexusLifecycleManager - Shutdown requested with an exit code of 1
"""


def test_a_store_that_cannot_be_opened_is_explained() -> None:
    found = read("nexus", ORIENT)
    assert found is not None
    assert found.what == "Nexus keeps its data in OrientDB, which 3.71 and later cannot open"
    assert found.words.endswith("https://links.sonatype.com/products/nxrm3/docs/unsupported-db.")
    assert "3.70 first" in found.remedy
    assert "INFO" not in found.words


def test_a_nexus_that_was_frozen_before_is_explained() -> None:
    found = read(
        "nexus",
        "2026-11-27 21:21:54,347+0000 INFO  [qtp1594532152-98] *UNKNOWN "
        "org.sonatype.nexus.internal.status.StatusResource - Status health check failed because database is "
        "frozen\n",
    )
    assert found is not None
    assert "read-only" in found.what
    assert "read-only/release" in found.remedy


def test_what_is_not_known_is_reported_in_the_log_s_own_words() -> None:
    log = "INFO\tit starts\nSEVERE\thudson.util.BootFailure#publish: Failed to initialize Jenkins\n\tat x.Y\n"
    found = read("jenkins", log)
    assert found is not None
    assert found.what == ("jenkins's log says hudson.util.BootFailure#publish: Failed to initialize Jenkins")
    assert found.remedy == ""
    assert read("jenkins", ORIENT) != read("nexus", ORIENT)
    assert read("jenkins", "INFO\tall is well\n") is None
