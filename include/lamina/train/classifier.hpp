// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <lamina/execution/batch.hpp>
#include <lamina/execution/parameters.hpp>
#include <lamina/execution/predictor.hpp>

namespace lamina {

/// The answer for one image: the likeliest class, its probability, and those of all classes.
template <std::size_t Classes, class Scalar = float>
struct prediction {
  int label = 0;
  Scalar confidence = 0;
  std::array<Scalar, Classes> probabilities{};
};

/// A trained network: weights, and what predicting needs of them, which for a dense layer of 64
/// inputs and outputs or more is its weights in two other orders, three times their memory, and for
/// one of ten outputs or more in one other.
/// `predict` is const and may be called from several threads at once; it allocates nothing once as
/// many calls have run side by side.
template <a_network Net, class Scalar = float, class Arch = kernels::native>
class classifier {
 public:
  static constexpr std::size_t classes = static_cast<std::size_t>(Net::output_shape::size);

  /// Weights as a fresh trainer of seed 0 has them: to be loaded into.
  classifier() : classifier(fresh()) {}

  /// Takes weights in the layout of a trainer of the same network.
  explicit classifier(execution::buffer<Scalar> parameters)
      : parameters_(std::move(parameters)), fixed_(inference::fixed_memory()) {
    refresh();
  }

  classifier(const classifier& other) : classifier(other.parameters_) {}
  classifier(classifier&& other) noexcept
      : parameters_(std::move(other.parameters_)), fixed_(std::move(other.fixed_)) {}
  classifier& operator=(classifier other) noexcept {
    std::swap(parameters_, other.parameters_);
    std::swap(fixed_, other.fixed_);
    return *this;
  }
  ~classifier() = default;

  /// Throws `error` where the image is not of the network's size.
  prediction<classes, Scalar> predict(const image_view& image) const {
    const examples one{.image_size = image.pixels.size() + image.values.size(),
                       .pixels = image.pixels,
                       .values = image.values,
                       .factor = image.factor,
                       .offset = image.offset};
    execution::check_examples(one, Net::input_shape::size, classes, false);
    prediction<classes, Scalar> answer;
    run(one, answer.probabilities);
    const auto best = std::max_element(answer.probabilities.begin(), answer.probabilities.end());
    answer.label = static_cast<int>(best - answer.probabilities.begin());
    answer.confidence = *best;
    return answer;
  }

  /// One image of bytes from 0 to 255, (y, x, channel).
  prediction<classes, Scalar> predict(std::span<const std::uint8_t> pixels) const {
    return predict(image_view{.pixels = pixels});
  }

  /// One image of values, read as they are.
  prediction<classes, Scalar> predict(std::span<const float> values) const {
    return predict(image_view{.values = values});
  }

  /// The outputs of the network for many images, (image, class).
  std::vector<Scalar> predict(const examples& from) const {
    execution::check_examples(from, Net::input_shape::size, classes, false);
    std::vector<Scalar> all(from.size() * classes);
    run(from, all);
    return all;
  }

  /// The tensors of the weights; call `refresh` after changing them.
  std::vector<named_tensor<Scalar>> parameters() {
    return execution::named_tensors<Net>(parameters_.data());
  }
  std::vector<named_tensor<const Scalar>> parameters() const {
    return execution::named_tensors<Net>(static_cast<const Scalar*>(parameters_.data()));
  }

  /// Packs the weights anew.
  void refresh() { inference::prepare(parameters_.data(), fixed_.data()); }

 private:
  using inference = execution::predictor<Net, Scalar, Arch>;

  static execution::buffer<Scalar> fresh() {
    execution::buffer<Scalar> values(static_cast<std::size_t>(execution::parameter_extent<Net>));
    execution::initialize_parameters<Net>(values.data(), initializer::glorot_uniform, 0);
    return values;
  }

  void run(const examples& from, std::span<Scalar> to) const {
    std::unique_ptr<inference> memory = borrow();
    // Inference reads the parameters alone; the frame's pointers serve training as well.
    memory->predict(const_cast<Scalar*>(parameters_.data()), const_cast<Scalar*>(fixed_.data()),
                    from, to);
    give_back(std::move(memory));
  }

  /// Memory of a call that is over, or new one where all is in use.
  std::unique_ptr<inference> borrow() const {
    {
      const std::scoped_lock lock(mutex_);
      if (!free_.empty()) {
        auto memory = std::move(free_.back());
        free_.pop_back();
        return memory;
      }
    }
    return std::make_unique<inference>();
  }

  void give_back(std::unique_ptr<inference> memory) const {
    const std::scoped_lock lock(mutex_);
    free_.push_back(std::move(memory));
  }

  execution::buffer<Scalar> parameters_;
  execution::buffer<Scalar> fixed_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<inference>> free_;
};

}  // namespace lamina
