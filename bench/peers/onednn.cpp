// SPDX-License-Identifier: BSL-1.0
// The networks from oneDNN's primitives: onednn THREADS (which OMP_NUM_THREADS repeats).
#include "onednn_passes.hpp"
#include "onednn_products.hpp"
#include "weights.hpp"
#include "worker.hpp"

#include <cstdlib>
#include <cstring>

namespace {

using peers::composition;

/// A network for one batch size, for training or for predictions.
class network {
 public:
  network(const std::string& name, std::map<std::string, std::vector<float>> weights,
          std::ptrdiff_t batch, bool training)
      : in_(std::move(weights), training), batch_(batch), classes_(name == "mnist_mlp" ? 10 : 24) {
    using peers::tag;
    if (name == "mnist_mlp") {
      input_ = in_.make(peers::described({batch, 784}, tag::nc));
      add<peers::dense>(2, 512, true);
      add<peers::dense>(4, 512, true);
      add<peers::dense>(6, 10, false);
    } else {
      input_ = in_.make(peers::described({batch, 1, 28, 28}, tag::nchw));
      add_block(1, 75, false);
      add_block(5, 50, true);
      add_block(10, 25, false);
      add<peers::dense>(15, 512, true);
      if (training) add<peers::dropout>(0.3F);
      add<peers::dense>(18, 24, false);
    }
    const auto plain = peers::described({batch, classes_}, tag::nc);
    logits_ = in_.in_format(in_.forward, layers_.back()->output, plain);
    gradient_ = in_.make(plain);
    if (training) compose_backward();
  }

  /// Probabilities of a batch of images.
  const std::vector<float>& predict(const float* images) {
    run_forward(images);
    return probabilities_;
  }

  /// One step of the optimizer; returns the mean loss.
  float step(const float* images, const std::uint8_t* labels) {
    run_forward(images);
    float loss = 0;
    float* g = peers::values_of(gradient_);
    for (std::ptrdiff_t i = 0; i < batch_; ++i) {
      for (std::ptrdiff_t c = 0; c < classes_; ++c) {
        const float p = probabilities_[static_cast<std::size_t>(i * classes_ + c)];
        g[i * classes_ + c] = (p - static_cast<float>(c == labels[i])) / static_cast<float>(batch_);
        if (c == labels[i]) loss -= std::log(p);
      }
    }
    in_.run(in_.backward);
    in_.update();
    return loss / static_cast<float>(batch_);
  }

 private:
  template <class Layer, class... Arguments>
  void add(Arguments... with) {
    const auto& before = layers_.empty() ? input_ : layers_.back()->output;
    layers_.push_back(std::make_unique<Layer>(in_, before, with...));
  }

  void add_block(int position, int filters, bool drops) {
    const int norm = position + (drops ? 3 : 2);
    add<peers::convolution>(position, filters, norm);
    if (in_.training && drops) add<peers::dropout>(0.2F);
    if (in_.training) add<peers::normalisation>(norm);
    add<peers::pooling>();
  }

  void compose_backward() {
    dnnl::memory gradient = gradient_;
    for (std::size_t i = layers_.size(); i-- > 0;) {
      gradient = layers_[i]->backward(in_, gradient, i > 0);
    }
  }

  void run_forward(const float* images) {
    std::memcpy(peers::values_of(input_), images,
                sizeof(float) * peers::image_size * static_cast<std::size_t>(batch_));
    in_.run(in_.forward);
    const float* x = peers::values_of(logits_);
    probabilities_.assign(x, x + batch_ * classes_);
    for (std::ptrdiff_t i = 0; i < batch_; ++i)
      peers::softmax(probabilities_.data() + i * classes_, classes_);
  }

  composition in_;
  std::ptrdiff_t batch_, classes_;
  dnnl::memory input_, logits_, gradient_;
  std::vector<std::unique_ptr<peers::layer>> layers_;
  std::vector<float> probabilities_;
};

class peer {
 public:
  explicit peer(std::string folder)
      : folder_(std::move(folder)), images_(peers::read_all<float>(folder_ + "/images.f32")) {}

  std::vector<float> outputs(const std::string& name) {
    return make(name, 64, false, false)->predict(images_.data());
  }

  std::vector<float> losses(const std::string& name) {
    const auto labels = labels_of(name);
    const auto fresh = make(name, 32, true, true);
    std::vector<float> all;
    for (int i = 0; i < 3; ++i) all.push_back(fresh->step(images_.data(), labels.data()));
    return all;
  }

  double run(const std::string& name, const std::string& mode, std::size_t batch, double seconds,
             int threads) {
    const bool training = mode == "training";
    auto& made = made_[name + mode + std::to_string(batch)];
    if (made == nullptr) made = make(name, batch, training, false);
    const auto labels = labels_of(name);
    std::size_t next = 0;
    return peers::seconds_of(threads, seconds, [&] {
      if (next + batch > 1024) next = 0;
      const float* images = images_.data() + next * peers::image_size;
      training ? (void)made->step(images, labels.data() + next) : (void)made->predict(images);
      next += batch;
    });
  }

 private:
  std::unique_ptr<network> make(const std::string& name, std::size_t batch, bool training,
                                bool fresh) const {
    const std::string file = folder_ + "/" + name + (fresh ? ".fresh" : "") + ".safetensors";
    return std::make_unique<network>(name, peers::weights_of(name, file),
                                     static_cast<std::ptrdiff_t>(batch), training);
  }
  std::vector<std::uint8_t> labels_of(const std::string& name) const {
    return peers::read_all<std::uint8_t>(folder_ + "/" + name + ".labels.u8");
  }

  std::string folder_;
  std::vector<float> images_;
  std::map<std::string, std::unique_ptr<network>> made_;
};

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  std::unique_ptr<peer> asked;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command, argument, mode;
    std::size_t batch = 0;
    double seconds = 0;
    words >> command >> argument >> mode >> batch >> seconds;
    if (command == "load") {
      asked = std::make_unique<peer>(argument);
      std::cout << "@ true" << std::endl;
    } else if (command == "outputs") {
      peers::answer(asked->outputs(argument));
    } else if (command == "losses") {
      peers::answer(asked->losses(argument));
    } else {
      std::cout << "@ " << asked->run(argument, mode, batch, seconds, threads) << std::endl;
    }
  }
}
