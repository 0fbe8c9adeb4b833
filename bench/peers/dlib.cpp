// SPDX-License-Identifier: BSL-1.0
// The networks in dlib: dlib THREADS (which OMP_NUM_THREADS repeats, for the BLAS). It has no
// RMSprop: a training step is one of Adam, and its losses are not compared.
#include "weights.hpp"
#include "worker.hpp"

#include <dlib/dnn.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>

namespace {

using dlib::adam;
using dlib::add_layer;
using dlib::resizable_tensor;
using peers::tensors;

template <long Filters, class Below>
using convolution = dlib::relu<add_layer<dlib::con_<Filters, 3, 3, 1, 1, 1, 1>, Below>>;
template <int Padding, class Below>
using pool = add_layer<dlib::max_pool_<2, 2, 2, 2, Padding, Padding>, Below>;
using pixels = dlib::input<dlib::matrix<float>>;

template <class Below>
using dense = dlib::relu<dlib::fc<512, Below>>;
using digits = dlib::fc<10, dense<dense<pixels>>>;
using training_digits = dlib::loss_multiclass_log<digits>;

// The last pool is padded before the image where ours is behind it: images and windows are given
// mirrored, which is the same network.
template <template <class> class Norm, template <class> class Drop>
using letters_with = dlib::fc<
    24,
    Drop<dense<pool<
        1, Norm<convolution<25, pool<0, Norm<Drop<convolution<
                                            50, pool<0, Norm<convolution<75, pixels>>>>>>>>>>>>>;
template <class Below>
using nothing = Below;
using letters = letters_with<dlib::affine, nothing>;
using training_letters = dlib::loss_multiclass_log<letters_with<dlib::bn_con, dlib::dropout>>;

constexpr long side = 28, taps = 9;

resizable_tensor images_of(const float* values, std::size_t batch, bool mirrored) {
  resizable_tensor x(static_cast<long>(batch), 1, side, side);
  for (std::size_t i = 0; i < batch; ++i, values += peers::image_size) {
    float* const to = x.host() + i * peers::image_size;
    std::copy_n(values, peers::image_size, to);
    if (mirrored) std::reverse(to, to + peers::image_size);
  }
  return x;
}

/// Scales and shifts have a value a channel.
void choose_modes(digits&) {}
void choose_modes(letters& net) {
  dlib::layer<12>(net).layer_details() = dlib::affine_(dlib::CONV_MODE);
  dlib::layer<8>(net).layer_details() = dlib::affine_(dlib::CONV_MODE);
  dlib::layer<4>(net).layer_details() = dlib::affine_(dlib::CONV_MODE);
}

/// Learns the extents of its layers from one image.
template <class Net>
void set_up(Net& net) {
  const std::vector<dlib::matrix<float>> one(1, dlib::zeros_matrix<float>(side, side));
  resizable_tensor x;
  net.to_tensor(one.begin(), one.end(), x);
  net.forward(x);
}

/// (out, in) as (in, out), then the bias; the last `mirrored` inputs of each run turned round.
template <class Layer>
void fill_dense(Layer& layer, const tensors& from, int position, long mirrored) {
  const auto& weight = from.at(std::to_string(position) + ".weight");
  const auto& bias = from.at(std::to_string(position) + ".bias");
  const long outputs = static_cast<long>(bias.size());
  const long inputs = static_cast<long>(weight.size()) / outputs;
  float* to = layer.layer_details().get_layer_params().host();
  for (long i = 0; i < inputs; ++i) {
    const long run = i / mirrored * mirrored;
    const long input = run + mirrored - 1 - (i - run);
    for (long o = 0; o < outputs; ++o) *to++ = weight[static_cast<std::size_t>(o * inputs + input)];
  }
  std::copy(bias.begin(), bias.end(), to);
}

template <class Layer>
void fill_convolution(Layer& layer, const tensors& from, int position) {
  const auto& weight = from.at(std::to_string(position) + ".weight");
  const auto& bias = from.at(std::to_string(position) + ".bias");
  float* const to = layer.layer_details().get_layer_params().host();
  std::copy(weight.begin(), weight.end(), to);
  for (std::size_t k = 0; k < weight.size(); k += taps) std::reverse(to + k, to + k + taps);
  std::copy(bias.begin(), bias.end(), to + weight.size());
}

template <class Layer>
void fill_normalisation(Layer& layer, const tensors& from, int position) {
  const auto of = [&](const char* name) -> const std::vector<float>& {
    return from.at(std::to_string(position) + name);
  };
  auto gamma = layer.layer_details().get_gamma();
  auto beta = layer.layer_details().get_beta();
  for (std::size_t c = 0; c < of(".weight").size(); ++c) {
    const float scale = of(".weight")[c] / std::sqrt(of(".running_var")[c] + 1e-3F);
    gamma.host()[c] = scale;
    beta.host()[c] = of(".bias")[c] - of(".running_mean")[c] * scale;
  }
}

void fill(digits& net, const tensors& from) {
  fill_dense(dlib::layer<4>(net), from, 2, 1);
  fill_dense(dlib::layer<2>(net), from, 4, 1);
  fill_dense(dlib::layer<0>(net), from, 6, 1);
}

void fill(letters& net, const tensors& from) {
  fill_convolution(dlib::layer<14>(net), from, 1);
  fill_normalisation(dlib::layer<12>(net), from, 3);
  fill_convolution(dlib::layer<10>(net), from, 5);
  fill_normalisation(dlib::layer<8>(net), from, 8);
  fill_convolution(dlib::layer<6>(net), from, 10);
  fill_normalisation(dlib::layer<4>(net), from, 12);
  fill_dense(dlib::layer<2>(net), from, 15, 16);
  fill_dense(dlib::layer<0>(net), from, 18, 1);
}

/// One network, as it predicts and as it trains.
template <class Net, class Training>
class subject {
 public:
  subject(const std::string& folder, const std::string& name)
      : mirrored_(name == "asl_cnn"),
        images_(peers::read_all<float>(folder + "/images.f32")),
        labels_(widened(peers::read_all<std::uint8_t>(folder + "/" + name + ".labels.u8"))),
        solvers_(training_.num_computational_layers, adam(0.0F, 0.9F, 0.999F)) {
    choose_modes(net_);
    set_up(net_);
    set_up(training_.subnet());
    fill(net_, peers::weights_of(name, folder + "/" + name + ".safetensors"));
  }

  std::vector<float> outputs() { return predict(images_of(images_.data(), 64, mirrored_)); }

  double run(const std::string& mode, std::size_t batch, double seconds, int threads) {
    std::vector<resizable_tensor> batches;
    for (std::size_t first = 0; first + batch <= 1024 && batches.size() < 32; first += batch)
      batches.push_back(images_of(images_.data() + first * peers::image_size, batch, mirrored_));
    std::size_t next = 0;
    return peers::seconds_of(threads, seconds, [&] {
      const std::size_t at = next++ % batches.size();
      if (mode == "training")
        step(batches[at], labels_.begin() + static_cast<std::ptrdiff_t>(at * batch));
      else
        predict(batches[at]);
    });
  }

 private:
  std::vector<float> predict(const resizable_tensor& images) {
    const dlib::tensor& logits = net_.forward(images);
    std::vector<float> all(logits.host(), logits.host() + logits.size());
    for (float* row = all.data(); row != all.data() + all.size(); row += logits.k())
      peers::softmax(row, logits.k());
    return all;
  }

  void step(const resizable_tensor& images, std::vector<unsigned long>::const_iterator labels) {
    training_.compute_parameter_gradients(images, labels);
    training_.update_parameters(solvers_, 1e-3);
  }

  static std::vector<unsigned long> widened(const std::vector<std::uint8_t>& from) {
    return {from.begin(), from.end()};
  }

  bool mirrored_;
  std::vector<float> images_;
  std::vector<unsigned long> labels_;
  Net net_;
  Training training_;
  std::vector<adam> solvers_;
};

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  std::unique_ptr<subject<digits, training_digits>> of_digits;
  std::unique_ptr<subject<letters, training_letters>> of_letters;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command, argument;
    words >> command >> argument;
    if (command == "load") {
      of_digits = std::make_unique<subject<digits, training_digits>>(argument, "mnist_mlp");
      of_letters = std::make_unique<subject<letters, training_letters>>(argument, "asl_cnn");
      std::cout << "@ true" << std::endl;
    } else if (argument == "mnist_mlp") {
      peers::obey(*of_digits, command, words, threads);
    } else {
      peers::obey(*of_letters, command, words, threads);
    }
  }
}
