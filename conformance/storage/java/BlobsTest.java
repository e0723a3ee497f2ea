import com.azure.core.util.BinaryData;
import com.azure.storage.blob.BlobClient;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.BlobContainerClientBuilder;
import com.azure.storage.blob.BlobServiceClient;
import com.azure.storage.blob.BlobServiceClientBuilder;
import com.azure.storage.blob.models.AppendBlobRequestConditions;
import com.azure.storage.blob.models.BlobErrorCode;
import com.azure.storage.blob.models.BlobHttpHeaders;
import com.azure.storage.blob.models.BlobItem;
import com.azure.storage.blob.models.BlobListDetails;
import com.azure.storage.blob.models.BlobRange;
import com.azure.storage.blob.models.BlobRequestConditions;
import com.azure.storage.blob.models.BlobSignedIdentifier;
import com.azure.storage.blob.models.BlobStorageException;
import com.azure.storage.blob.models.BlockListType;
import com.azure.storage.blob.models.CopyStatusType;
import com.azure.storage.blob.models.AccessTier;
import com.azure.storage.blob.models.BlobAccessPolicy;
import com.azure.storage.blob.models.DeleteSnapshotsOptionType;
import com.azure.storage.blob.models.LeaseStateType;
import com.azure.storage.blob.models.ListBlobsOptions;
import com.azure.storage.blob.models.PageRange;
import com.azure.storage.blob.models.ParallelTransferOptions;
import com.azure.storage.blob.options.BlobParallelUploadOptions;
import com.azure.storage.blob.sas.BlobSasPermission;
import com.azure.storage.blob.sas.BlobServiceSasSignatureValues;
import com.azure.storage.blob.specialized.AppendBlobClient;
import com.azure.storage.blob.specialized.BlobLeaseClient;
import com.azure.storage.blob.specialized.BlobLeaseClientBuilder;
import com.azure.storage.blob.specialized.BlockBlobClient;
import com.azure.storage.blob.specialized.PageBlobClient;
import com.azure.storage.common.policy.RequestRetryOptions;
import com.azure.storage.common.policy.RetryPolicyType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** The main paths of azure-storage-blob: each once with success and once refused. */
public final class BlobsTest {
  private static final RequestRetryOptions ONCE = new RequestRetryOptions(RetryPolicyType.FIXED, 1, 30, null, null, null);
  private final BlobServiceClient service = new BlobServiceClientBuilder()
      .connectionString(System.getenv("AZURE_STORAGE_CONNECTION_STRING")).retryOptions(ONCE).buildClient();
  private int counter;

  private BlobContainerClient fresh() {
    return service.createBlobContainer("java-" + ProcessHandle.current().pid() + "-" + counter++);
  }

  private static BlobClient put(BlobContainerClient box, String name, String text) {
    BlobClient blob = box.getBlobClient(name);
    blob.upload(BinaryData.fromString(text), true);
    return blob;
  }

  private static void same(Object want, Object got) {
    if (!want.equals(got)) {
      throw new AssertionError("got " + got + ", want " + want);
    }
  }

  private static void refused(int status, BlobErrorCode code, Runnable call) {
    try {
      call.run();
    } catch (BlobStorageException e) {
      same(status + " " + code, e.getStatusCode() + " " + e.getErrorCode());
      return;
    }
    throw new AssertionError("succeeded instead of failing with " + code);
  }

  private static List<String> names(Iterable<BlobItem> items) {
    var names = new java.util.ArrayList<String>();
    items.forEach(i -> names.add(i.getName()));
    return names;
  }

  private static ByteArrayInputStream in(String text) {
    return new ByteArrayInputStream(text.getBytes());
  }

  private static BlobServiceSasSignatureValues reading() {
    return new BlobServiceSasSignatureValues(OffsetDateTime.now().plusHours(1), new BlobSasPermission().setReadPermission(true));
  }

  public void containers() {
    BlobContainerClient box = fresh();
    refused(409, BlobErrorCode.CONTAINER_ALREADY_EXISTS, box::create);
    same(false, box.createIfNotExists());
    same(true, box.exists());
    box.setMetadata(Map.of("Purpose", "test"));
    same("test", box.getProperties().getMetadata().get("Purpose"));
    same(true, service.listBlobContainers().stream().anyMatch(c -> c.getName().equals(box.getBlobContainerName())));
    box.delete();
    refused(404, BlobErrorCode.CONTAINER_NOT_FOUND, box::getProperties);
    refused(404, BlobErrorCode.CONTAINER_NOT_FOUND, () -> names(box.listBlobs()));
    same(false, box.deleteIfExists());
  }

  public void blockBlobs() {
    BlobContainerClient box = fresh();
    BlobClient blob = box.getBlobClient("dir/é 1 +%.txt");
    blob.uploadWithResponse(new BlobParallelUploadOptions(BinaryData.fromString("hello")).setMetadata(Map.of("camelCase", "v"))
        .setTags(Map.of("kind", "raw data")).setHeaders(new BlobHttpHeaders().setContentType("text/plain").setContentLanguage("ko")), null, null);
    refused(409, BlobErrorCode.BLOB_ALREADY_EXISTS, () -> blob.upload(in("x"), 1));
    var got = blob.getProperties();
    same("5 text/plain ko v 1", got.getBlobSize() + " " + got.getContentType() + " " + got.getContentLanguage() + " " + got.getMetadata().get("camelCase") + " " + got.getTagCount());
    same("hello", blob.downloadContent().toString());
    var part = new ByteArrayOutputStream();
    blob.downloadStreamWithResponse(part, new BlobRange(1, 3L), null, null, true, null, null);
    same("ell", part.toString());
    refused(416, BlobErrorCode.INVALID_RANGE, () -> blob.downloadStreamWithResponse(part, new BlobRange(5, 3L), null, null, false, null, null));
    blob.setHttpHeaders(new BlobHttpHeaders().setContentType("text/csv"));
    same("text/csv", blob.getProperties().getContentType());
    blob.setMetadata(Map.of("n", "1"));
    same("", put(box, "empty", "").downloadContent().toString());
    refused(404, BlobErrorCode.BLOB_NOT_FOUND, () -> box.getBlobClient("none").downloadContent());
    blob.delete();
    refused(404, BlobErrorCode.BLOB_NOT_FOUND, blob::delete);
    same(false, blob.exists());
  }

  public void blocks() {
    BlobContainerClient box = fresh();
    BlockBlobClient blob = box.getBlobClient("b").getBlockBlobClient();
    String one = Base64.getEncoder().encodeToString("001".getBytes());
    String two = Base64.getEncoder().encodeToString("002".getBytes());
    blob.stageBlock(one, in("one"), 3);
    blob.stageBlock(two, in("two"), 3);
    same(2, blob.listBlocks(BlockListType.UNCOMMITTED).getUncommittedBlocks().size());
    same(false, blob.exists());
    blob.commitBlockList(List.of(two, one));
    same("twoone", blob.downloadContent().toString());
    refused(400, BlobErrorCode.INVALID_BLOCK_LIST, () -> blob.commitBlockList(List.of("eHh4"), true));
    BlobClient source = put(box, "source", "0123456789");
    String url = source.getBlobUrl() + "?" + source.generateSas(reading());
    blob.stageBlockFromUrl(one, url, new BlobRange(2, 3L));
    blob.commitBlockList(List.of(one), true);
    same("234", blob.downloadContent().toString());
    blob.uploadFromUrl(url, true);
    same("0123456789", blob.downloadContent().toString());
  }

  public void largeContent() {
    BlobContainerClient box = fresh();
    byte[] body = new byte[5 << 20];
    new Random(1).nextBytes(body);
    BlobClient blob = box.getBlobClient("big");
    blob.uploadWithResponse(new BlobParallelUploadOptions(new ByteArrayInputStream(body))
        .setParallelTransferOptions(new ParallelTransferOptions().setBlockSizeLong(1L << 20).setMaxSingleUploadSizeLong(1L << 20).setMaxConcurrency(3)), null, null);
    same(5, blob.getBlockBlobClient().listBlocks(BlockListType.COMMITTED).getCommittedBlocks().size());
    same(true, Arrays.equals(body, blob.downloadContent().toBytes()));
  }

  public void conditionsAndLeases() {
    BlobContainerClient box = fresh();
    BlobClient blob = put(box, "c", "1");
    String old = blob.getProperties().getETag();
    put(box, "c", "2");
    refused(412, BlobErrorCode.CONDITION_NOT_MET, () -> blob.setMetadataWithResponse(Map.of(), new BlobRequestConditions().setIfMatch(old), null, null));
    BlobLeaseClient lease = new BlobLeaseClientBuilder().blobClient(blob).buildClient();
    lease.acquireLease(15);
    same(LeaseStateType.LEASED, blob.getProperties().getLeaseState());
    refused(412, BlobErrorCode.LEASE_ID_MISSING, blob::delete);
    refused(409, BlobErrorCode.LEASE_ALREADY_PRESENT, () -> new BlobLeaseClientBuilder().blobClient(blob).buildClient().acquireLease(15));
    lease.renewLease();
    lease.changeLease("00000000-0000-0000-0000-000000000003");
    lease.breakLeaseWithResponse(0, null, null, null);
    refused(409, BlobErrorCode.LEASE_IS_BROKEN_AND_CANNOT_BE_RENEWED, lease::renewLease);
    lease.releaseLease();
    blob.delete();
  }

  public void listingsAndTags() {
    BlobContainerClient box = fresh();
    for (String name : List.of("a/1", "a/2", "b")) {
      put(box, name, "x").setTags(Map.of("first", name.substring(0, 1)));
    }
    same(List.of("a/1", "a/2", "b"), names(box.listBlobs()));
    same(List.of("a/", "b"), names(box.listBlobsByHierarchy("")).stream().sorted().toList());
    long pages = box.listBlobs(new ListBlobsOptions().setMaxResultsPerPage(2).setDetails(new BlobListDetails().setRetrieveMetadata(true)), null).streamByPage().count();
    same(2L, pages);
    same(2L, service.findBlobsByTags("@container='" + box.getBlobContainerName() + "' AND \"first\"='a'").stream().count());
    refused(400, BlobErrorCode.INVALID_QUERY_PARAMETER_VALUE, () -> service.findBlobsByTags("first ==").stream().count());
    same(Map.of("first", "b"), box.getBlobClient("b").getTags());
    box.getBlobClient("b").setAccessTier(AccessTier.ARCHIVE);
    refused(409, BlobErrorCode.BLOB_ARCHIVED, () -> box.getBlobClient("b").downloadContent());
  }

  public void appendBlobs() {
    BlobContainerClient box = fresh();
    AppendBlobClient log = box.getBlobClient("log").getAppendBlobClient();
    refused(404, BlobErrorCode.BLOB_NOT_FOUND, () -> log.appendBlock(in("x"), 1));
    log.create();
    log.appendBlock(in("one"), 3);
    same("3", log.appendBlock(in("two"), 3).getBlobAppendOffset());
    refused(412, BlobErrorCode.APPEND_POSITION_CONDITION_NOT_MET,
        () -> log.appendBlockWithResponse(in("x"), 1, null, new AppendBlobRequestConditions().setAppendPosition(0L), null, null));
    same("onetwo", log.downloadContent().toString());
    log.seal();
    refused(409, BlobErrorCode.fromString("BlobIsSealed"), () -> log.appendBlock(in("x"), 1));
  }

  public void pageBlobs() {
    BlobContainerClient box = fresh();
    PageBlobClient disk = box.getBlobClient("disk").getPageBlobClient();
    disk.create(4096);
    disk.uploadPages(new PageRange().setStart(512).setEnd(1535), in("a".repeat(1024)));
    disk.clearPages(new PageRange().setStart(512).setEnd(1023));
    var ranges = disk.listPageRanges(new com.azure.storage.blob.models.BlobRange(0)).stream().toList();
    same("1 1024", ranges.size() + " " + ranges.get(0).getRange().getOffset());
    disk.resize(1024);
    same(1024L, disk.getProperties().getBlobSize());
    refused(416, BlobErrorCode.INVALID_PAGE_RANGE, () -> disk.uploadPages(new PageRange().setStart(1024).setEnd(1535), in("a".repeat(512))));
  }

  public void snapshotsAndCopies() {
    BlobContainerClient box = fresh();
    BlobClient blob = put(box, "b", "old");
    var then = blob.createSnapshot();
    put(box, "b", "new");
    same("old", then.downloadContent().toString());
    refused(409, BlobErrorCode.SNAPSHOTS_PRESENT, blob::delete);
    BlobClient copy = box.getBlobClient("copy");
    same(CopyStatusType.SUCCESS, copy.beginCopy(blob.getBlobUrl(), Duration.ofMillis(50)).waitForCompletion().getValue().getCopyStatus());
    refused(409, BlobErrorCode.NO_PENDING_COPY_OPERATION, () -> copy.abortCopyFromUrl(copy.getProperties().getCopyId()));
    copy.copyFromUrl(blob.getBlobUrl() + "?" + blob.generateSas(reading()));
    same("new", copy.downloadContent().toString());
    blob.deleteWithResponse(DeleteSnapshotsOptionType.INCLUDE, null, null, null);
  }

  public void signatures() {
    BlobContainerClient box = fresh();
    BlobClient blob = put(box, "s", "secret");
    var reader = new BlobContainerClientBuilder().endpoint(box.getBlobContainerUrl()).sasToken(blob.generateSas(reading())).retryOptions(ONCE).buildClient().getBlobClient("s");
    same("secret", reader.downloadContent().toString());
    refused(403, BlobErrorCode.AUTHORIZATION_PERMISSION_MISMATCH, reader::delete);
    box.setAccessPolicy(null, List.of(new BlobSignedIdentifier().setId("readers").setAccessPolicy(
        new BlobAccessPolicy().setStartsOn(OffsetDateTime.now().minusHours(1)).setExpiresOn(OffsetDateTime.now().plusHours(1)).setPermissions("rl"))));
    same("readers", box.getAccessPolicy().getIdentifiers().get(0).getId());
    var named = new BlobContainerClientBuilder().endpoint(box.getBlobContainerUrl())
        .sasToken(box.generateSas(new BlobServiceSasSignatureValues("readers"))).retryOptions(ONCE).buildClient();
    same(List.of("s"), names(named.listBlobs()));
    var anybody = new BlobContainerClientBuilder().endpoint(box.getBlobContainerUrl()).retryOptions(ONCE).buildClient();
    refused(401, BlobErrorCode.NO_AUTHENTICATION_INFORMATION, () -> names(anybody.listBlobs()));
    same(true, service.getProperties().getLogging() != null);
  }
}
