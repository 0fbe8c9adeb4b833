// SPDX-License-Identifier: BSL-1.0
// lamina among its peers; also makes what they share: `export FOLDER`. Its arguments: threads, and
// `direct` for convolutions without Winograd's algorithm.
#include "worker.hpp"

#include <lamina/bench/direct.hpp>
#include <lamina/bench/examples.hpp>
#include <lamina/bench/peak.hpp>
#include <lamina/lamina.hpp>
#include <models/asl_cnn.hpp>
#include <models/mnist_mlp.hpp>

#include <cstdlib>

#include <oneapi/tbb/global_control.h>

namespace {

/// One network with everything that is asked of it.
template <class Net>
class subject {
 public:
  static constexpr std::size_t classes = static_cast<std::size_t>(Net::output_shape::size);

  explicit subject(std::string name)
      : name_(std::move(name)), images_(1024, peers::image_size, classes), trainer_({.seed = 1}) {}

  /// Fresh weights, and weights and statistics after some steps; images and labels.
  void export_to(const std::string& folder) {
    lamina::trainer<Net> student({.seed = 1});
    lamina::save(student.classifier(), folder + "/" + name_ + ".fresh.safetensors");
    for (std::size_t i = 0; i < 20; ++i) student.step(images_.view().subset(i * 32, 32));
    lamina::save(student.classifier(), folder + "/" + name_ + ".safetensors");
    const auto all = images_.view();
    std::ofstream(folder + "/images.f32", std::ios::binary)
        .write(reinterpret_cast<const char*>(all.values.data()),
               static_cast<std::streamsize>(all.values.size() * sizeof(float)));
    std::ofstream(folder + "/" + name_ + ".labels.u8", std::ios::binary)
        .write(reinterpret_cast<const char*>(all.labels.data()),
               static_cast<std::streamsize>(all.labels.size()));
  }

  void load(const std::string& folder) {
    lamina::load(classifier_, folder + "/" + name_ + ".safetensors");
  }

  std::vector<float> outputs() const { return classifier_.predict(images_.view().subset(0, 64)); }

  std::vector<float> losses() const {
    lamina::trainer<Net> student({.seed = 1});
    std::vector<float> all;
    for (int i = 0; i < 3; ++i) {
      all.push_back(static_cast<float>(student.step(images_.view().subset(0, 32)).loss));
    }
    return all;
  }

  double run(const std::string& mode, std::size_t batch, double seconds, int threads) {
    std::size_t next = 0;
    return peers::seconds_of(threads, seconds, [&] {
      if (next + batch > 1024) next = 0;
      const auto images = images_.view().subset(next, batch);
      next += batch;
      if (mode == "training") {
        trainer_.step(images);
      } else if (batch == 1) {
        benchmark::DoNotOptimize(classifier_.predict(images.image(0)));
      } else {
        benchmark::DoNotOptimize(classifier_.predict(images).data());
      }
    });
  }

 private:
  std::string name_;
  lamina::bench::made_up_examples images_;
  lamina::trainer<Net> trainer_;
  lamina::classifier<Net> classifier_;
};

/// Answers line by line. `Letters` is asl_cnn, or the same computed directly, which then has no row
/// for the other network.
template <class Letters>
void serve(int threads) {
  constexpr bool has_digits = std::is_same_v<Letters, lamina::models::asl_cnn>;
  subject<lamina::models::mnist_mlp> digits("mnist_mlp");
  subject<Letters> letters("asl_cnn");
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command, argument;
    words >> command >> argument;
    if (command == "export" || command == "load") {
      if (command == "export") {
        digits.export_to(argument);
        letters.export_to(argument);
      }
      digits.load(argument);
      letters.load(argument);
      std::cout << "@ true" << std::endl;
    } else if (command == "peak") {
      std::cout << "@ " << lamina::bench::peak(threads) << std::endl;
    } else if (argument == "asl_cnn") {
      peers::obey(letters, command, words, threads);
    } else if (has_digits) {
      peers::obey(digits, command, words, threads);
    } else {
      std::cout << "@ null" << std::endl;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<std::size_t>(threads));
  using network = lamina::models::asl_cnn;
  if (argc > 2 && std::string(argv[2]) == "direct")
    serve<lamina::bench::made_direct<network>>(threads);
  else
    serve<network>(threads);
}
