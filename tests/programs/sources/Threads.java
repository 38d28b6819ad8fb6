// Threads, big integers, direct buffers, deflate streams and compiled lambdas: what makes the virtual machine
// itself allocate outside its heap.

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

public class Threads {
    static byte[] pack(int seed) throws Exception {
        byte[] text = IntStream.range(0, 3000).mapToObj(i -> "item" + i * seed % 977)
                .collect(Collectors.joining(",")).getBytes();
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream stream = new GZIPOutputStream(packed)) {
            stream.write(text);
        }
        try (GZIPInputStream stream = new GZIPInputStream(new ByteArrayInputStream(packed.toByteArray()))) {
            return stream.readAllBytes();
        }
    }

    static long direct(int seed) {
        CRC32 sum = new CRC32();
        for (int i = 0; i < 40; i++) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(1000 + seed * i * 97 % 500000);
            for (int at = 0; at + 8 < buffer.capacity(); at += 512) {
                buffer.putLong(at, (long) at * seed);
            }
            sum.update(buffer);
        }
        return sum.getValue();
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, Integer> counts = new ConcurrentHashMap<>();
        ExecutorService pool = Executors.newFixedThreadPool(8);
        List<Future<Long>> sums = new ArrayList<>();
        for (int i = 1; i <= 30; i++) {
            int seed = i;
            sums.add(pool.submit(() -> {
                for (String word : new String(pack(seed)).split(",")) {
                    counts.merge(word, 1, Integer::sum);
                }
                return direct(seed);
            }));
        }
        for (Future<Long> sum : sums) {
            System.out.println(sum.get());
        }
        pool.shutdown();
        System.out.println(new TreeMap<>(counts).entrySet().stream().limit(20).collect(Collectors.toList()));

        for (int i = 0; i < 300; i++) {
            Thread thread = new Thread(() -> counts.remove("item5"));
            thread.start();
            thread.join();
        }
        System.gc();
        BigInteger product = BigInteger.ONE;
        for (int i = 2; i < 3000; i++) {
            product = product.multiply(BigInteger.valueOf(i));
        }
        System.out.println(counts.size() + " " + product.bitLength() + " " + product.hashCode());
        System.exit(3);
    }
}
