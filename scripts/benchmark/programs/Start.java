import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Starts, does a little with strings, threads and streams, and prints a checksum: Start SIZE. */
public class Start {
    public static void main(String[] arguments) throws Exception {
        int size = Integer.parseInt(arguments[0]);
        List<Thread> threads = new ArrayList<>();
        long[] sums = new long[4];
        for (int i = 0; i < sums.length; i++) {
            int index = i;
            threads.add(new Thread(() -> sums[index] = work(size, index)));
            threads.get(i).start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        System.out.println(sums[0] + " " + sums[1] + " " + sums[2] + " " + sums[3]);
    }

    private static long work(int size, int seed) {
        Map<String, List<Integer>> map = new HashMap<>();
        for (int i = 0; i < size; i++) {
            map.computeIfAbsent("key " + (i * 7919L + seed) % 1000, k -> new ArrayList<>()).add(i);
        }
        return map.entrySet().stream().collect(Collectors.summingLong(e -> e.getKey().hashCode() ^ e.getValue().size()));
    }
}
