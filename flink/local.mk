# SPDX-License-Identifier: Apache-2.0
# The Java library is built by Maven (README.md here), not by make; the archive carries it.
EXTRA_DIST += %D%/README.md %D%/.gitignore %D%/.mvn/maven.config %D%/check-lines %D%/pom.xml \
	%D%/common/pom.xml %D%/flink-1.20/pom.xml %D%/flink-2.0/pom.xml %D%/flink-2.3/pom.xml %D%/dist/pom.xml
EXTRA_DIST += \
	%D%/common/src/main/java/io/jmha/flink/ChangeLog.java \
	%D%/common/src/main/java/io/jmha/flink/CheckpointNames.java \
	%D%/common/src/main/java/io/jmha/flink/ClassArchive.java \
	%D%/common/src/main/java/io/jmha/flink/DaemonAddress.java \
	%D%/common/src/main/java/io/jmha/flink/DaemonClient.java \
	%D%/common/src/main/java/io/jmha/flink/DaemonException.java \
	%D%/common/src/main/java/io/jmha/flink/EndpointFollower.java \
	%D%/common/src/main/java/io/jmha/flink/EndpointPublisher.java \
	%D%/common/src/main/java/io/jmha/flink/HaBackend.java \
	%D%/common/src/main/java/io/jmha/flink/Halt.java \
	%D%/common/src/main/java/io/jmha/flink/HttpExchange.java \
	%D%/common/src/main/java/io/jmha/flink/JmhaCheckpointIdCounter.java \
	%D%/common/src/main/java/io/jmha/flink/JmhaConfig.java \
	%D%/common/src/main/java/io/jmha/flink/JmhaElectionDriver.java \
	%D%/common/src/main/java/io/jmha/flink/JmhaHaServicesFactory.java \
	%D%/common/src/main/java/io/jmha/flink/JmhaRetrievalDriver.java \
	%D%/common/src/main/java/io/jmha/flink/JmhaStateHandleStore.java \
	%D%/common/src/main/java/io/jmha/flink/Jvm.java \
	%D%/common/src/main/java/io/jmha/flink/Leadership.java \
	%D%/common/src/main/java/io/jmha/flink/ParkedJobs.java \
	%D%/common/src/main/java/io/jmha/flink/Pointer.java \
	%D%/common/src/main/java/io/jmha/flink/PointerList.java \
	%D%/common/src/main/java/io/jmha/flink/Rehearsal.java \
	%D%/common/src/main/java/io/jmha/flink/ResultStores.java \
	%D%/common/src/main/java/io/jmha/flink/Revision.java \
	%D%/common/src/main/java/io/jmha/flink/Standby.java \
	%D%/common/src/main/java/io/jmha/flink/StateFiles.java \
	%D%/common/src/main/java/io/jmha/flink/StorageCheck.java \
	%D%/common/src/main/java/io/jmha/flink/Term.java \
	%D%/common/src/main/java/io/jmha/flink/TermClient.java \
	%D%/common/src/main/java/io/jmha/flink/Timing.java \
	%D%/common/src/main/java/io/jmha/flink/WarmUp.java \
	%D%/common/src/main/java/io/jmha/flink/package-info.java
EXTRA_DIST += \
	%D%/list-classes \
	%D%/common/src/main/resources/io/jmha/flink/takeover-classes.txt
EXTRA_DIST += \
	%D%/common/src/test/java/io/jmha/flink/ClassArchiveTest.java \
	%D%/common/src/test/java/io/jmha/flink/DaemonClientTest.java \
	%D%/common/src/test/java/io/jmha/flink/FakeDaemon.java \
	%D%/common/src/test/java/io/jmha/flink/Lab.java \
	%D%/common/src/test/java/io/jmha/flink/LeadershipTest.java \
	%D%/common/src/test/java/io/jmha/flink/ParkedJobsTest.java \
	%D%/common/src/test/java/io/jmha/flink/PausedProcess.java \
	%D%/common/src/test/java/io/jmha/flink/PausedProcessTest.java \
	%D%/common/src/test/java/io/jmha/flink/RehearsalTest.java \
	%D%/common/src/test/java/io/jmha/flink/ResultStoresTest.java \
	%D%/common/src/test/java/io/jmha/flink/RetrievalTest.java \
	%D%/common/src/test/java/io/jmha/flink/ServicesTestBase.java \
	%D%/common/src/test/java/io/jmha/flink/StateHandleStoreTest.java \
	%D%/common/src/test/java/io/jmha/flink/StorageCheckTest.java \
	%D%/common/src/test/java/io/jmha/flink/WarmUpTest.java
EXTRA_DIST += \
	%D%/common/src/test/resources/simplelogger.properties
EXTRA_DIST += \
	%D%/flink-1.20/src/main/java/io/jmha/flink/JmhaHaServices120.java
EXTRA_DIST += \
	%D%/flink-1.20/src/test/java/io/jmha/flink/Flink120ServicesTest.java
EXTRA_DIST += \
	%D%/flink-2.0/src/main/java/io/jmha/flink/JmhaHaServices20.java
EXTRA_DIST += \
	%D%/flink-2.0/src/test/java/io/jmha/flink/Flink20ServicesTest.java
EXTRA_DIST += \
	%D%/flink-2.3/src/main/java/io/jmha/flink/JmhaHaServices23.java
EXTRA_DIST += \
	%D%/flink-2.3/src/test/java/io/jmha/flink/Flink23ServicesTest.java
